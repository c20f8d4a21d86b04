import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { type CommandContext, EVENT_STORE, type EventStore, EventStoreModule, type RecordedEvent } from '@app/event-store';
import { HttpModule, Tokens } from '@app/http';
import { type Clock, contentHash, derivedId } from '@app/kernel';
import { ProjectionsModule } from '@app/projections';
import { BundledPolicies } from './bundled-policies.js';
import { bundledPackFiles, bundledPacks } from './bundled-packs.js';
import { ACCOUNT_FACT } from './fact-values.js';
import { RunPolicyCommand } from './handlers/run-policy-command.js';
import { type InputDefinition, type Pack } from './pack.js';
import { PoliciesController } from './policies.controller.js';
import { ExpirePolicyDto, PublishPolicyDto } from './policies.dto.js';
import { PoliciesModule } from './policies.module.js';
import { Policies } from './policies.js';
import { type PolicyCommand } from './policy.js';
import { policyEvents } from './policy.codec.js';

const clock: Clock = { now: () => new Date('2024-05-01T04:00:00Z') };
const context = (key: string): CommandContext => {
  const commandId = derivedId('spec', key);
  return {
    commandId,
    contentHash: contentHash(key),
    actor: { id: 'a1', unit: '科技局', roles: ['administrator'] },
    effectiveOn: '2024-05-01',
    today: '2024-05-01',
    correlationId: commandId,
    causationId: commandId,
  };
};
const zone = bundledPacks().find(({ id }) => id === 'ganzhou-etdz-2023') as Pack;
const named = (id: string, inputs: Readonly<Record<string, InputDefinition>> = {}, more: Partial<Pack> = {}): Pack => ({
  ...zone,
  id,
  inputs: { ...zone.inputs, ...inputs },
  ...more,
});
const word: InputDefinition = { type: 'text', label: '一词', period: 'none' };
const sum: InputDefinition = { type: 'money', label: '一数', period: 'none' };
const evidence = [{ title: '文件' }];
const publish = (pack: Pack): PolicyCommand => ({ type: 'publish', pack, evidence });

describe('what the routes take', () => {
  const faults = (dto: new () => object, body: object) => validateSync(plainToInstance(dto, body)).map(({ property }) => property);

  it('is a pack of 200,000 characters at most', () => {
    expect(faults(PublishPolicyDto, { pack: 'x'.repeat(200_000), file: 'x.yaml', evidence })).toEqual([]);
    expect(faults(PublishPolicyDto, { pack: 'x'.repeat(200_001), file: 'x.yaml' })).toEqual(['pack']);
  });

  it('is an end with its reason, and documents that are documents', () => {
    expect(faults(ExpirePolicyDto, { on: '2024-05-01', reason: '期满' })).toEqual([]);
    expect(faults(ExpirePolicyDto, { on: '2024-05-01', evidence: [null] })).toEqual(['reason', 'evidence']);
  });
});

describe('policies on a real ledger', () => {
  let path: string;
  let app: NestFastifyApplication;
  const run = ({ id }: Pack, command: PolicyCommand, key: string) =>
    app.get(CommandBus).execute(new RunPolicyCommand(id, command, context(key)));

  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'policies-'));
    const module = await Test.createTestingModule({
      imports: [
        EventStoreModule.forRoot({ file: join(path, 'events.db'), clock, definitions: policyEvents }),
        ProjectionsModule.forRoot({ file: join(path, 'read.db') }),
        HttpModule.forRoot(new Tokens(new Uint8Array(32).fill(7), clock)),
        CqrsModule.forRoot(),
        PoliciesModule,
      ],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    await app.init();
  });
  afterEach(async () => {
    await app.close();
    rmSync(path, { recursive: true, force: true });
  });

  it('refuse a pack that gives a fact of another pack another type', async () => {
    const [one, other] = [named('one', { 'word.one': word }), named('other', { 'word.one': sum })];
    await run(one, publish(one), 'one');
    await expect(run(other, publish(other), 'other')).rejects.toMatchObject({
      code: 'fact-type-conflict',
      extra: { input: 'word.one', packs: ['one'] },
    });
    const fitting = named('other');
    await run(fitting, publish(fitting), 'fitting');
    const amendment = named('other', { 'word.one': sum }, { force: { from: '2024-07-01', until: '2025-07-01' } });
    await expect(run(other, { type: 'amend', pack: amendment, reason: '修订' }, 'amend')).rejects.toMatchObject({
      code: 'fact-type-conflict',
    });
    expect(
      app
        .get(Policies)
        .packs()
        .map(({ id }) => id),
    ).toEqual(['one', 'other']);
  });

  it('refuse the second of two such packs published at once', async () => {
    const [one, other] = [named('one', { 'word.one': word }), named('other', { 'word.one': sum })];
    const results = await Promise.allSettled([run(one, publish(one), 'one'), run(other, publish(other), 'other')]);
    expect(results).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'fact-type-conflict' } }]);
  });

  it('let a policy change its own fact, and answer a retry as before', async () => {
    const one = named('one', { 'word.one': word });
    await run(one, publish(one), 'one');
    const amendment = named('one', { 'word.one': sum }, { force: { from: '2024-07-01', until: '2025-07-01' } });
    const amend: PolicyCommand = { type: 'amend', pack: amendment, reason: '修订' };
    const receipt = await run(one, amend, 'amend');
    const other = named('other', { 'word.two': word });
    await run(other, publish(other), 'other');
    expect(await run(one, amend, 'amend')).toEqual({ ...receipt, replayed: true });
  });

  it('keep the name of the account to the ledger', async () => {
    const greedy = named('greedy', { [ACCOUNT_FACT]: word });
    await expect(run(greedy, publish(greedy), 'greedy')).rejects.toMatchObject({
      code: 'fact-name-reserved',
      extra: { input: ACCOUNT_FACT },
    });
  });

  it('come with the program on the evidence of their sources', async () => {
    await app.get(BundledPolicies).publishNew();
    const events: RecordedEvent[] = [];
    for await (const page of app.get<EventStore>(EVENT_STORE).readStream(`policy-${zone.id}`)) events.push(...page);
    expect(events.map(({ metadata }) => metadata.evidence)).toEqual([[{ title: zone.title, sha256: zone.source.sha256 }]]);
  });

  it('grant nothing in an assessment from the day they have ended', async () => {
    await run(zone, publish(zone), 'publish');
    await run(zone, { type: 'repeal', on: '2024-04-01', reason: '废止', evidence }, 'repeal');
    const controller = app.get(PoliciesController);
    expect(await controller.assess(zone.id, 'G01', { on: '2024-03-31', facts: {} })).toMatchObject({ outcome: 'missing' });
    expect(await controller.assess(zone.id, 'G01', { on: '2024-04-01', facts: {} })).toMatchObject({ outcome: 'not-in-force' });
  });

  it('pass evidence on from every route', async () => {
    const controller = app.get(PoliciesController);
    const text = bundledPackFiles().get('ganzhou-etdz-2023.yaml') as string;
    const given = { file: 'zone.yaml', pack: text };
    expect(() => controller.publish({ ...given, pack: 'id: *x' }, context('alias'))).toThrow('zone.yaml:1');
    await expect(controller.publish(given, context('bare'))).rejects.toMatchObject({ code: 'evidence-required' });
    await controller.publish({ ...given, evidence }, context('publish'));
    await expect(controller.expire(zone.id, { on: '2024-04-01', reason: '期满' }, context('bare end'))).rejects.toMatchObject({
      code: 'evidence-required',
    });
    expect(await controller.expire(zone.id, { on: '2024-04-01', reason: '期满', evidence }, context('end'))).toMatchObject({ events: 1 });
  });
});

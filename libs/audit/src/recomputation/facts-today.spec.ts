import { describe, expect, it } from '@jest/globals';
import { type Dossier, type Dossiers, enterpriseDecider, type EnterpriseCommand, vocabularyOf } from '@app/enterprises';
import { withCheckCharacter } from '@app/kernel';
import { PACK } from './award-history.fixture.js';
import { FactsToday } from './facts-today.js';

const decider = enterpriseDecider(vocabularyOf([PACK]));
const evidence = [{ title: '证明' }];
const [GONE, SURVIVOR] = ['91360703MA0000001', '91360703MA0000002'].map((code) => withCheckCharacter(code)) as unknown as [string, string];

function dossierOf(code: string, ...steps: readonly (readonly [on: string, command: EnterpriseCommand])[]): Dossier {
  let state: typeof decider.initialState = decider.initialState;
  for (const [on, command] of [['2024-01-05', { type: 'register', creditCode: code, name: '示例' }] as const, ...steps]) {
    const context = { actorId: 'clerk', roles: ['clerk' as const], effectiveOn: on, today: on };
    for (const event of decider.decide(command, state, context)) state = decider.evolve(state, event, context);
  }
  return state as Dossier;
}

const sme = (value: boolean, correctsFactId?: string): EnterpriseCommand => ({
  type: 'record-facts',
  facts: [{ name: 'enterprise.sme', value, sourceUnit: '工信局', evidence, ...(correctsFactId && { correctsFactId }) }],
});

const certificate = {
  type: 'record-certificate',
  ...{ number: 'GR202436000001', kind: 'hnte', certification: 'first', issuedOn: '2024-01-20', expiresOn: '2027-01-19', issuer: '科技厅' },
  evidence,
} as EnterpriseCommand;

const knownOn = (on: string, ...dossiers: readonly Dossier[]) => {
  const load = (code: string) => Promise.resolve(dossiers.find(({ creditCode }) => creditCode === code));
  const facts = new FactsToday({ load } as unknown as Dossiers);
  return facts.of(PACK, { clause: 'G01', payee: GONE, occasion: { kind: 'once', reference: 'once' } }, on);
};
const factsOn = async (on: string, ...dossiers: readonly Dossier[]) => (await knownOn(on, ...dossiers)).facts;

describe('what is known today of a day of the past', () => {
  it('is what a correction says, on whichever day it was made', async () => {
    const dossier = dossierOf(GONE, ['2024-02-01', sme(true)], ['2024-09-01', sme(false, 'F1')], ['2024-10-01', sme(true, 'F2')]);
    expect(await factsOn('2024-05-20', dossier)).toEqual({ 'enterprise.sme': true });
    expect(await factsOn('2024-05-20', dossierOf(GONE, ['2024-02-01', sme(true)], ['2024-09-01', sme(false, 'F1')]))).toEqual({
      'enterprise.sme': false,
    });
    expect(await factsOn('2024-01-20', dossier)).toEqual({});
  });

  it('is not what has changed since', async () => {
    const dossier = dossierOf(GONE, ['2024-02-01', sme(true)], ['2024-09-01', sme(false)]);
    expect(await factsOn('2024-05-20', dossier)).toEqual({ 'enterprise.sme': true });
  });

  it('is of the enterprise itself before it was merged, and of its survivor after', async () => {
    const merge = { type: 'merge', survivor: SURVIVOR, survivorStatus: 'registered', reason: '合并', evidence } as EnterpriseCommand;
    const gone = dossierOf(GONE, ['2024-02-01', sme(true)], ['2024-08-01', merge]);
    const survivor = dossierOf(SURVIVOR, ['2024-02-01', sme(false)]);
    expect(await factsOn('2024-05-20', gone, survivor)).toEqual({ 'enterprise.sme': true });
    expect(await factsOn('2024-08-01', gone, survivor)).toEqual({ 'enterprise.sme': false });
    expect(await factsOn('2024-08-01')).toEqual({});
  });

  it('is a later figure for the same period, whichever day it was recorded', async () => {
    const spent = (value: string, period = '2023'): EnterpriseCommand => ({
      type: 'record-facts',
      facts: [{ name: 'rd.expenditure', value, period, sourceUnit: '税务局', evidence }],
    });
    const dossier = dossierOf(GONE, ['2024-02-01', certificate], ['2024-02-01', spent('1500000.00')], ['2024-09-01', spent('500000.00')]);
    expect(await factsOn('2024-05-20', dossier)).toMatchObject({ 'rd.expenditure': '500000.00' });
    const other = dossierOf(GONE, ['2024-02-01', certificate], ['2024-02-01', spent('1500000.00')], ['2024-09-01', spent('1.00', '2022')]);
    expect(await factsOn('2024-05-20', other)).toMatchObject({ 'rd.expenditure': '1500000.00' });
  });

  it('is that a ground has gone, where it was withdrawn with effect before the day, and not after', async () => {
    const revoke = {
      type: 'revoke-certificate',
      number: 'GR202436000001',
      on: '2024-04-01',
      reason: '弄虚作假',
      evidence,
    } as EnterpriseCommand;
    const dossier = dossierOf(GONE, ['2024-02-01', certificate], ['2024-09-01', revoke]);
    expect(await knownOn('2024-05-20', dossier)).toMatchObject({ withdrawn: ['certification.kind'] });
    expect(await knownOn('2024-03-20', dossier)).toMatchObject({ facts: { 'certification.kind': 'first' }, withdrawn: [] });
    expect((await knownOn('2024-05-20', dossierOf(GONE))).withdrawn).toEqual([]);
  });
});

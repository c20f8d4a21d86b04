import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const overrideConfigFile = join(root, '.config/eslint.config.mjs');
const typed = new ESLint({ cwd: root, overrideConfigFile });
/** Without the rules that need types: a program for each sample takes most of a second. */
const untyped = new ESLint({
  cwd: root,
  overrideConfigFile,
  overrideConfig: [
    { files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked },
    {
      files: ['**/*.ts'],
      linterOptions: { reportUnusedDisableDirectives: 'off' },
      languageOptions: { parserOptions: { projectService: false } },
    },
  ],
});

/** What the linter says about a file if it held this text instead. Only files that exist have types, so the samples borrow their names. */
async function findings(file: string, code: string, eslint = untyped): Promise<readonly string[]> {
  if (!existsSync(join(root, file))) throw new Error(`the sample needs a file that exists, not ${file}`);
  const [result] = await eslint.lintText(`${code}\n`, { filePath: join(root, file) });
  return (result?.messages ?? []).map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

const breaks = (file: string, code: string, finding: RegExp, eslint?: ESLint) =>
  test(`${file} | ${code}`, async () => expect(await findings(file, code, eslint)).toContainEqual(expect.stringMatching(finding)));
const passes = (file: string, code: string, eslint?: ESLint) =>
  test(`${file} | ${code}`, async () => expect(await findings(file, code, eslint)).toEqual([]));

const DECIDER = 'libs/awards/src/decide.ts';
const MODULE = 'libs/awards/src/awards.module.ts';
const HANDLER = 'libs/awards/src/handlers/run-award-command.ts';

describe('arrows between libs and apps', () => {
  describe('forbidden', () => {
    breaks('libs/kernel/src/money.ts', `export { awardEvents } from '@app/awards';`, /^house\/imports: .*kernel may not import awards/);
    breaks('libs/kernel/src/actor.ts', `export type { RecordedEvent } from '@app/event-store';`, /kernel may not import event-store/);
    breaks('libs/event-store/src/codec.ts', `export { Projector } from '@app/projections';`, /event-store may not import projections/);
    breaks('libs/projections/src/table.ts', `export { Tokens } from '@app/http';`, /projections may not import http/);
    breaks('libs/http/src/paging.ts', `export { Policies } from '@app/policies';`, /http may not import policies/);
    breaks('libs/enterprises/src/enterprises.module.ts', `export * from '@app/awards';`, /enterprises may not import awards/);
    breaks('libs/budgets/src/budgets.module.ts', `export type { Pack } from '@app/policies';`, /budgets may not import policies/);
    breaks(MODULE, `export { awardEvents } from '@app/awards';`, /awards may not import awards/);
    breaks(MODULE, `export { main } from '../../../apps/api/src/main.js';`, /a lib knows no app/);
    breaks('apps/api/src/main.ts', `export { main } from '../../cli/src/main.js';`, /api may not import cli/);
  });

  describe('allowed', () => {
    passes('libs/event-store/src/codec.ts', `export { Problem } from '@app/kernel';`);
    passes(MODULE, `export { budgetStream } from '@app/budgets';\nexport { HNTE } from '@app/enterprises';`);
    passes('apps/api/src/main.ts', `export { AwardsModule } from '@app/awards';`);
    passes('apps/cli/src/main.ts', `export { createLedger } from '../../api/src/create-ledger.js';`);
  });
});

describe('doors', () => {
  describe('forbidden', () => {
    breaks(MODULE, `export { budgetDecider } from '@app/budgets/decide';`, /through its door: '@app\/budgets'/);
    breaks(MODULE, `export { budgetDecider } from '../../budgets/src/decide.js';`, /through its door: '@app\/budgets'/);
    breaks(MODULE, `export { budgetDecider } from '../../budgets/src/index.js';`, /through its door: '@app\/budgets'/);
    breaks(MODULE, `export const later = () => import('../../budgets/src/decide.js');`, /through its door: '@app\/budgets'/);
    breaks(MODULE, `export type Later = import('../../budgets/src/decide.js').BudgetCommand;`, /through its door: '@app\/budgets'/);
    breaks(
      'apps/api/src/main.ts',
      `export { awardDecider } from '../../../libs/awards/src/decide.js';`,
      /through its door: '@app\/awards'/,
    );
    breaks('test/architecture.spec.ts', `export { awardDecider } from '../libs/awards/src/decide.js';`, /through its door: '@app\/awards'/);
    breaks('libs/budgets/src/budgets.module.ts', `export * from './ledger.fixture.js';`, /what belongs to its specs/);
  });

  describe('allowed', () => {
    passes(HANDLER, `export { awardDecider } from '../decide.js';`);
    passes('libs/budgets/src/budgets.int.spec.ts', `export * from './ledger.fixture.js';`);
    passes('test/architecture.spec.ts', `export { awardEvents } from '@app/awards';`);
  });
});

describe('circles', () => {
  // money.ts imports problem.ts; decide.ts imports award.ts.
  breaks('libs/kernel/src/problem.ts', `export { Money } from './money.js';`, /^import-x\/no-cycle: /);
  breaks(
    'libs/awards/src/award.ts',
    `import { awardDecider } from './decide.js';\nexport const fold = awardDecider;`,
    /^import-x\/no-cycle: /,
  );
  breaks('libs/awards/src/award.ts', `export * from './index.js';`, /^import-x\/no-cycle: /);
  breaks('libs/kernel/src/problem.ts', `export { awardEvents } from '@app/awards';`, /^import-x\/no-cycle: .* via "/);
  passes('libs/kernel/src/problem.ts', `export * from './actor.js';`);
  passes('libs/kernel/src/problem.ts', `import type { Money } from './money.js';\nexport type Sum = Money;`);
});

describe('pure files', () => {
  describe('import nothing impure', () => {
    breaks(DECIDER, `export { Injectable } from '@nestjs/common';`, /a pure file may not import @nestjs\/common/);
    breaks(DECIDER, `export { readFileSync } from 'node:fs';`, /a pure file may not import node:fs/);
    breaks(DECIDER, `export { readFileSync } from 'fs';`, /a pure file may not import node:fs/);
    breaks(DECIDER, `export { createHash } from 'node:crypto';`, /a pure file may not import node:crypto/);
    breaks(DECIDER, `export type { Kysely } from 'kysely';`, /a pure file may not import kysely/);
    breaks(
      'libs/enterprises/src/enterprise.ts',
      `export type { Database } from 'better-sqlite3';`,
      /a pure file may not import better-sqlite3/,
    );
    breaks(DECIDER, `export type { Row } from '@app/projections';`, /a pure file may not import projections/);
    breaks(DECIDER, `export type { Page } from '@app/http';`, /a pure file may not import http/);
    breaks(DECIDER, `export { Executor } from '@app/event-store';`, /a pure file may take types alone from event-store/);
    breaks(DECIDER, `export { Assessor } from './assessor.js';`, /libs\/awards\/src\/assessor\.ts is not one of them/);
    breaks('libs/policies/src/assess.ts', `export * from './bundled-packs.js';`, /bundled-packs\.ts is not one of them/);
    breaks('libs/kernel/src/actor.ts', `export { Injectable } from '@nestjs/common';`, /a pure file may not import @nestjs\/common/);
    breaks(
      'libs/kernel/src/identifiers.ts',
      `export { randomUUID } from 'node:crypto';`,
      /a pure file may take only createHash, hash from node:crypto/,
    );

    passes(DECIDER, `export { Money } from '@app/kernel';\nexport { awardStream } from './award.js';`);
    passes('libs/awards/src/award.codec.ts', `export type { RecordedEvent } from '@app/event-store';`);
    passes('libs/kernel/src/identifiers.ts', `export { createHash } from 'node:crypto';`);
    passes(HANDLER, `export { Injectable } from '@nestjs/common';\nexport { Executor } from '@app/event-store';`);
    passes('libs/awards/src/assessor.ts', `export { randomUUID } from 'node:crypto';`);
  });

  describe('know no clock, chance or surroundings', () => {
    breaks(DECIDER, `export const now = () => Date.now();`, /^no-restricted-syntax: Time comes in with the command/);
    breaks(DECIDER, `export const now = () => new Date();`, /^no-restricted-syntax: Time comes in with the command/);
    breaks(DECIDER, `export const day = (text: string) => new Date(text);`, /^no-restricted-syntax: Business dates come from the kernel/);
    breaks(DECIDER, `export const clock = Date;`, /^no-restricted-syntax: Business dates come from the kernel/);
    breaks(DECIDER, `export const chance = () => Math.random();`, /^no-restricted-syntax: Ids and chances derive from the command/);
    breaks(DECIDER, `export const home = () => process.env['HOME'];`, /^no-restricted-globals: .*'process'/);
    breaks(DECIDER, `export const later = (then: () => void) => setTimeout(then, 1);`, /^no-restricted-globals: .*'setTimeout'/);
    breaks(DECIDER, `export const now = () => Date.now(); // eslint-disable-line`, /^no-restricted-syntax: /);
    breaks('libs/kernel/src/business-date.ts', `export const today = () => new Date();`, /^no-restricted-syntax: Time comes in/);
    breaks('libs/policies/src/payoffs.ts', `export const chance = () => Math.random();`, /^no-restricted-syntax: Ids and chances/);
    breaks(HANDLER, `export const now = () => Date.now();`, /^no-restricted-syntax: Time comes in/);

    passes('libs/kernel/src/business-date.ts', `export const dayAt = (ms: number) => new Date(ms).toISOString().slice(0, 10);`);
    passes('libs/kernel/src/clock.ts', `export interface Clock {\n  now(): Date;\n}`);
    passes(DECIDER, `export const larger = (one: number, other: number) => Math.max(one, other);`);
    passes('apps/api/src/create-ledger.ts', `export const SYSTEM_CLOCK = { now: () => new Date() };`);
    passes('libs/awards/src/assessor.ts', `export const home = () => process.env['HOME'];`);
  });
});

describe('delivery and decisions', () => {
  breaks(MODULE, `export { EventBus } from '@nestjs/cqrs';`, /^no-restricted-imports: .*an event bus in memory/);
  breaks(
    MODULE,
    `import { EventBus } from '@nestjs/cqrs';\nexport const bus = EventBus;`,
    /^no-restricted-imports: .*an event bus in memory/,
  );
  passes(MODULE, `export { CommandBus } from '@nestjs/cqrs';`);
  breaks(HANDLER, `export const go = (work: () => Promise<void>) => {\n  work();\n};`, /^@typescript-eslint\/no-floating-promises/, typed);
  passes(HANDLER, `export const go = async (work: () => Promise<void>) => {\n  await work();\n};`, typed);

  const fold = (rest: string) =>
    `export const evolve = (event: 'granted' | 'lapsed'): number => {\n  switch (event) {\n    case 'granted':\n      return 1;\n    ${rest}\n  }\n};`;
  breaks(DECIDER, fold(`default:\n      return 0;`), /^@typescript-eslint\/switch-exhaustiveness-check: .*"lapsed"/, typed);
  passes(DECIDER, fold(`case 'lapsed':\n      return 0;`), typed);

  const service = (decorator: string) =>
    `import { Injectable } from '@nestjs/common';\nimport { Executor } from '@app/event-store';\n\nexport const decorator = Injectable;\n\n${decorator}\nexport class Service {\n  constructor(readonly executor: Executor) {}\n}`;
  breaks(HANDLER, service(''), /^@typescript-eslint\/consistent-type-imports/, typed);
  passes(HANDLER, service('@Injectable()'), typed);
});

describe('the tree', () => {
  const filesBelow = (folder: string) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });

  test('every lib has a door, and no other', () => {
    for (const lib of readdirSync(join(root, 'libs'))) {
      const doors = filesBelow(`libs/${lib}`).filter((file) => /(^|[\\/])index\.ts$/.test(file));
      expect({ lib, doors }).toEqual({ lib, doors: [join('src', 'index.ts')] });
    }
  });

  test('the top level holds only what belongs there', () => {
    const entries = [
      'README.md',
      'README.zh-CN.md',
      'apps',
      'docker',
      'docs',
      'libs',
      'nest-cli.json',
      'package-lock.json',
      'package.json',
      'test',
      'tsconfig.json',
    ];
    const made = ['node_modules', 'dist', 'data', 'coverage'];
    const found = readdirSync(root).filter((name) => !name.startsWith('.') && !name.endsWith('.log') && !made.includes(name));
    expect(found.filter((name) => !entries.includes(name))).toEqual([]);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { assess } from './assess.js';
import { parsePack } from './load-pack.js';

const guide = readFileSync(new URL('../../../docs/packs.md', import.meta.url), 'utf8');
const block = (language: string) => new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1] as string;
const pack = parsePack(block('yaml'), 'sample.yaml', () => block('text'));

describe('the pack of docs/packs.md', () => {
  it('is valid and shows every shape but the target table', () =>
    expect(new Set(pack.clauses.map(({ shape }) => shape.kind)).size).toBe(18));

  it.each([
    ['S1', { 'registration.inCity': true }, { outcome: 'payable', amount: '100000.00' }],
    ['S2', { 'registration.inCity': true, 'enterprise.small': true, 'rd.priorYearExpenditure': '5000000.00' }, { outcome: 'unresolved' }],
    ['S3', { 'platform.level': 'municipal' }, { outcome: 'refused', failed: ['S3.platform.level'] }],
    ['S4', { 'project.provinceGrant': '2500000.00' }, { outcome: 'payable', amount: '2000000.00' }],
    [
      'S5',
      { 'registration.inCity': true },
      { outcome: 'payable', instalments: [{ status: 'met' }, { status: 'pending', needs: ['tax.fullYear'] }] },
    ],
    ['S6', { 'listing.candidate': true }, { outcome: 'discretionary', ceiling: '800000.00' }],
    ['S7a', {}, { outcome: 'unresolved', waits: '市人才政策文件' }],
    ['S8', { 'candidate.result': 'short' }, { outcome: 'placed', tier: 'second' }],
  ])('%s does what the guide says', (clause, facts, expected) =>
    expect(assess(pack, clause, { on: '2025-12-31', facts })).toMatchObject(expected),
  );

  it('gives the error the guide shows', () => {
    const text = block('yaml').replace('base: rd.priorYearExpenditure', 'base: rd.priorYear');
    const shown = /^sample\.yaml:.*$/m.exec(guide)?.[0] as string;
    expect(() => parsePack(text, 'sample.yaml', () => block('text'))).toThrow(shown);
  });
});

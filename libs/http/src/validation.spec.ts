import { describe, expect, it } from '@jest/globals';
import { type FieldError, Problem, withCheckCharacter } from '@app/kernel';
import { CommandDto } from './command-context.js';
import { IsBusinessDay, IsCreditCode, IsMoney, IsText, MayBeLeftOut } from './decorators.js';
import { EvidenceDto, IsEvidenceList, IsListOf } from './evidence.dto.js';
import { inputValidation } from './validation.js';

class ItemDto {
  @IsMoney()
  amount!: string;
}

class BodyDto extends CommandDto {
  @IsText(5)
  name!: string;

  @MayBeLeftOut()
  @IsBusinessDay()
  day?: string;

  @MayBeLeftOut()
  @IsCreditCode()
  code?: string;

  @MayBeLeftOut()
  @IsMoney({ each: true })
  amounts?: string[];

  @MayBeLeftOut()
  @IsListOf(() => ItemDto, { min: 1, max: 2 })
  items?: ItemDto[];

  @MayBeLeftOut()
  @IsEvidenceList({ max: 2 })
  evidence?: EvidenceDto[];
}

const check = (body: unknown) => inputValidation().transform(body, { type: 'body', metatype: BodyDto }) as Promise<BodyDto>;
async function errorsOf(body: unknown): Promise<readonly FieldError[]> {
  try {
    await check(body);
  } catch (error) {
    if (error instanceof Problem && error.kind === 'invalid' && error.code === 'invalid-input') return error.errors;
    throw error;
  }
  throw new Error('was not refused');
}
const fieldsOf = async (body: unknown) => [...new Set((await errorsOf(body)).map(({ field }) => field))];
const title = '材料';

describe('the check of a body', () => {
  it('takes what fits, as an instance of its DTO', async () => {
    const body = {
      name: '甲',
      day: '2024-02-29',
      code: withCheckCharacter('91360700MA35QWERT'),
      amounts: ['1', '1.50'],
      items: [{ amount: '0.01' }],
      evidence: [{ title }],
      effectiveOn: '2024-05-01',
    };
    const checked = await check(body);
    expect(checked).toBeInstanceOf(BodyDto);
    expect(checked.items?.[0]).toBeInstanceOf(ItemDto);
    expect({ ...checked }).toMatchObject(body);
  });

  it.each<[string, object, string]>([
    ['a field nobody asked for', { name: '甲', colour: 'red' }, 'colour'],
    ['a missing field', {}, 'name'],
    ['null where something is needed', { name: null }, 'name'],
    ['another type', { name: 7 }, 'name'],
    ['blanks alone', { name: ' \n\t' }, 'name'],
    ['a text too long', { name: '一二三四五六' }, 'name'],
    ['a day that does not exist', { name: '甲', day: '2023-02-29' }, 'day'],
    ['a day that is null', { name: '甲', day: null }, 'day'],
    ['a day that is an instant', { name: '甲', day: '2024-05-01T00:00:00Z' }, 'day'],
    ['a code with a forbidden letter', { name: '甲', code: 'I1360700MA35QWERT0' }, 'code'],
    ['a code without end', { name: '甲', code: `${' '.repeat(100)}x` }, 'code'],
    ['money as a number', { name: '甲', amounts: [1] }, 'amounts'],
    ['one bad amount of several', { name: '甲', amounts: ['1.00', '-1.00'] }, 'amounts'],
    ['a bad amount inside an item', { name: '甲', items: [{ amount: '1.00' }, { amount: '1,000' }] }, 'items.1.amount'],
    ['a field nobody asked for inside an item', { name: '甲', items: [{ amount: '1.00', x: 1 }] }, 'items.0.x'],
    ['an item that is null', { name: '甲', items: [null] }, 'items'],
    ['items that are no list', { name: '甲', items: { amount: '1.00' } }, 'items'],
    ['too few items', { name: '甲', items: [] }, 'items'],
    ['too many items', { name: '甲', items: [1, 2, 3].map(() => ({ amount: '1.00' })) }, 'items'],
    ['evidence without a title', { name: '甲', evidence: [{ documentNo: '1' }] }, 'evidence.0.title'],
    ['evidence with a hash that is none', { name: '甲', evidence: [{ title, sha256: 'ABC' }] }, 'evidence.0.sha256'],
    ['too much evidence', { name: '甲', evidence: [1, 2, 3].map(() => ({ title })) }, 'evidence'],
    ['an effective day of another shape', { name: '甲', effectiveOn: '1/5/2024' }, 'effectiveOn'],
  ])('names %s', async (_, body, field) => {
    expect(await fieldsOf(body)).toContain(field);
  });

  it('gives a credit code in its one spelling, however it was typed', async () => {
    const code = withCheckCharacter('91360700MA35QWERT');
    expect((await check({ name: '甲', code: ` ${code.toLowerCase()}\n` })).code).toBe(code);
    expect((await check({ name: '甲' })).code).toBeUndefined();
  });

  it('hands on nothing that would reach a prototype', async () => {
    const checked = await check(JSON.parse('{"name":"甲","constructor":{"prototype":{"polluted":true}}}'));
    expect(Object.keys(checked)).not.toContain('constructor');
    expect({}).not.toHaveProperty('polluted');
  });

  it('names every broken rule of every field at once, with the rule', async () => {
    const errors = await errorsOf({ name: '', day: 'x', colour: 1 });
    expect(errors.map(({ field, rule }) => `${field} ${rule}`).sort()).toEqual(['colour whitelistValidation', 'day date', 'name matches']);
    for (const { message } of errors) expect(message).toMatch(/\S/);
  });

  it.each([[null], ['text'], [7], [[]]])('refuses a body that is %j', async (body) => {
    await expect(check(body)).rejects.toBeInstanceOf(Problem);
  });
});

import { INPUT_PERIODS, METRICS, NOTE_KINDS, TARGET_COUNTS, UNIQUENESS } from './pack.js';

const text = { type: 'string', pattern: '\\S' };
const id = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9-]*$' };
const inputName = { type: 'string', pattern: '^[a-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*)+$' };
const word = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9-]*$' };
const money = { type: 'string', pattern: '^(0|[1-9]\\d{0,12})\\.\\d{2}$' };
/** How packs write a number, and a percentage. */
export const NUMBER_PATTERN = '^(0|[1-9]\\d{0,12})(\\.\\d{1,6})?$';
export const PERCENT_PATTERN = '^(0|[1-9]\\d{0,3})(\\.\\d{1,6})?%$';
const number = { type: 'string', pattern: NUMBER_PATTERN };
const year = { type: 'integer', minimum: 1949, maximum: 9998 };
const date = { type: ['string', 'null'], pattern: '^\\d{4}-\\d{2}-\\d{2}$' };
const line = { type: 'integer', minimum: 1 };
const oneOfWords = (...words: readonly string[]) => ({ type: 'string', enum: words });
/** Far above any policy document: a list or table beyond it is refused before its entries are looked at. */
const MOST_ENTRIES = 1_000;
const listOf = (items: object, minItems = 1) => ({ type: 'array', items, minItems, maxItems: MOST_ENTRIES });
const tableOf = (values: object) => ({
  type: 'object',
  propertyNames: word,
  additionalProperties: values,
  minProperties: 1,
  maxProperties: MOST_ENTRIES,
});

/** An object with exactly these fields: `optional` may be absent, nothing else may be present. */
const record = (required: Record<string, object>, optional: Record<string, object> = {}) => ({
  type: 'object',
  properties: { ...required, ...optional },
  required: Object.keys(required),
  additionalProperties: false,
});

const shape = (kind: string, required: Record<string, object>, optional: Record<string, object> = {}) =>
  record({ kind: { const: kind }, ...required }, optional);

const citation = record({ line: { oneOf: [line, { type: 'array', items: line, minItems: 2, maxItems: 2 }] }, quote: text });
const condition = { $ref: '#/definitions/condition' };
const tier = record({ id, title: text }, { covers: id, citation, gates: listOf(id) });
const clauseReference = record({ pack: id, clause: id });
const amounts = record({}, { amount: money, by: inputName, amounts: tableOf(money) });

const fulfilment = {
  oneOf: [
    record({ kind: oneOfWords('tier-review', 'recommendation'), ladder: id }),
    record({ kind: { const: 'title' }, title: id }),
    record({ kind: { const: 'appropriation' } }),
  ],
};
const rosterRule = {
  oneOf: [
    record({ kind: { const: 'expiring-certificates' }, years: listOf(year) }),
    record({ kind: { const: 'facts' }, when: condition }),
    record({ kind: { const: 'ladder' }, ladder: id }),
  ],
};

const shapes = [
  shape('fixed', { amount: money }),
  shape('percent', { base: inputName, rate: { type: 'string', pattern: PERCENT_PATTERN } }, { cap: amounts }),
  shape('level-table', { by: inputName, amounts: tableOf(money) }),
  shape('match', { base: inputName, ratio: number }, { cap: amounts }),
  shape('staged', { total: money, instalments: listOf(record({ amount: money, citation, when: condition }, { covers: id }), 2) }),
  shape('discretionary', { ceiling: amounts }, { criteria: text }),
  shape('external', { refersTo: text }),
  shape('unspecified', { wording: text }),
  shape('gate', {}),
  shape('ladder', { ladder: id, tiers: listOf(tier) }, { size: { type: 'integer', minimum: 2, maximum: 99 }, diagnosis: clauseReference }),
  shape('tier', { ladder: id, tiers: listOf(tier) }, { place: id, by: inputName, places: tableOf(id), diagnosis: clauseReference }),
  shape(
    'target',
    {
      indicator: text,
      unit: text,
      comparison: oneOfWords('at-least', 'more-than', 'at-most', 'less-than', 'exactly', 'about'),
      value: number,
      due: {
        oneOf: [
          record({ year }, { since: year }),
          record({ date: { ...date, type: 'string' } }),
          record({ eachYear: { const: true } }, { from: year, to: year }),
        ],
      },
    },
    { counts: oneOfWords(...TARGET_COUNTS), baseline: text, tolerance: number, metric: oneOfWords(...METRICS) },
  ),
  shape('target-table', {
    indicator: text,
    unit: text,
    columns: listOf(text),
    rows: listOf(record({ title: text, line, values: listOf({ oneOf: [number, { type: 'null' }] }) })),
  }),
  shape('deadline', { every: oneOfWords('year', 'half-year', 'quarter', 'once'), by: text, action: text }, { fulfilledBy: fulfilment }),
  shape('clearance', { clearance: id, agency: text }, { validMonths: { type: 'integer', minimum: 1, maximum: 120 } }),
  shape('roster', { of: rosterRule }),
  shape('title', { title: id, name: text }, { grades: tableOf(text) }),
  shape('budget', { envelope: id }),
  shape('note', { about: oneOfWords(...NOTE_KINDS) }, { ladder: id }),
];

const inputBase = { label: text, period: oneOfWords(...INPUT_PERIODS) };
const input = {
  type: 'object',
  discriminator: { propertyName: 'type' },
  required: ['type'],
  oneOf: [
    record({ type: { enum: ['money', 'percent', 'bool', 'text'] }, ...inputBase }, { about: { const: 'occasion' }, fromTitle: id }),
    record({ type: { const: 'word' }, words: tableOf(text), ...inputBase }, { about: { const: 'occasion' }, fromTitle: id }),
  ],
};

const clause = record(
  {
    id,
    title: text,
    citation,
    shape: { type: 'object', discriminator: { propertyName: 'kind' }, required: ['kind'], oneOf: shapes },
  },
  {
    covers: listOf(id),
    partOf: id,
    gates: listOf(id),
    rounding: { const: 'half-up-fen' },
    uniqueness: oneOfWords(...UNIQUENESS),
    excludes: listOf(id),
    budgetEnvelope: id,
    clearances: listOf(id),
    waits: text,
  },
);

/** JSON Schema (draft-07) of a pack. What it cannot say (references, types of compared inputs, quotes) is in check-pack.ts. */
export const PACK_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'policy-pack',
  definitions: {
    condition: record(
      {},
      {
        input: inputName,
        equals: { type: ['string', 'boolean'] },
        in: listOf(word),
        atLeast: number,
        moreThan: number,
        atMost: number,
        lessThan: number,
        stated: { const: true },
        ratio: record({ of: inputName, to: inputName, atLeast: number }),
        not: condition,
        all: listOf(condition),
        any: listOf(condition),
      },
    ),
  },
  ...record({
    id,
    title: text,
    issuer: text,
    region: text,
    source: record({ file: text, sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' } }),
    status: oneOfWords('draft', 'in-force'),
    force: record({ from: date, until: date }, { note: text }),
    disclosure: oneOfWords('public', 'on-request', 'internal', 'draft', 'unstated'),
    publicNotice: record({ days: { type: 'integer', minimum: 0, maximum: 365 }, basis: id }),
    inputs: { type: 'object', propertyNames: inputName, additionalProperties: input, maxProperties: MOST_ENTRIES },
    gates: listOf(record({ id, title: text, citation, when: condition }, { soft: { const: true } }), 0),
    envelopes: listOf(
      record({
        id,
        clause: id,
        title: text,
        amount: money,
        rule: oneOfWords('exactly', 'at-least'),
        period: { oneOf: [{ const: 'annual' }, record({ from: year, to: year })] },
      }),
      0,
    ),
    clauses: listOf(clause),
    interpretations: listOf(
      record(
        {
          id,
          clauses: listOf(id, 0),
          question: text,
          options: listOf(record({ id, text }), 2),
          chosen: { oneOf: [id, { type: 'null' }] },
          reason: text,
        },
        { simulatedAs: id },
      ),
      0,
    ),
  }),
};

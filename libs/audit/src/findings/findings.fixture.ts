import type { RecordedEvent } from '@app/event-store';
import { contentHash, type Evidence, type PolicyCitation } from '@app/kernel';
import { canonicalPack, type Pack, packFromCanonical, packHash } from '@app/policies';
import type { ColumnValue, Rows, Table } from '@app/projections';
import { type FindingRow, FindingsProjection } from './findings.projection.js';

/** Something that was recorded: where, what, and by whom and when where that matters. */
export interface Entry {
  readonly stream: string;
  readonly type: string;
  readonly data: object;
  readonly by?: string;
  readonly on?: string;
  readonly at?: string;
  readonly roles?: readonly string[];
  readonly policy?: PolicyCitation;
  readonly evidence?: readonly Evidence[];
  readonly command?: string;
}
type About = Omit<Entry, 'stream' | 'type' | 'data'>;

/** Rows in memory, one map a table. */
class MemoryRows implements Rows {
  private readonly tables = new Map<string, Map<string, object>>();

  get<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: readonly (string | number)[]): R | undefined {
    return this.of(table.name).get(JSON.stringify(key)) as R | undefined;
  }
  put<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, row: R): void {
    this.of(table.name).set(JSON.stringify(table.key.map((column) => row[column])), row);
  }
  remove<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: readonly (string | number)[]): void {
    this.of(table.name).delete(JSON.stringify(key));
  }
  of(name: string): Map<string, object> {
    const rows = this.tables.get(name) ?? new Map<string, object>();
    this.tables.set(name, rows);
    return rows;
  }
}

type History = (Entry | readonly Entry[])[];

/** What is found in a history, in the order of discovery. */
export function found(...history: History): readonly FindingRow[] {
  const rows = new MemoryRows();
  const projection = new FindingsProjection();
  const revisions = new Map<string, number>();
  history.flat().forEach((entry, index) => {
    const revision = (revisions.get(entry.stream) ?? -1) + 1;
    revisions.set(entry.stream, revision);
    projection.apply(recorded(entry, revision, index + 1), rows);
  });
  return [...rows.of('finding').values()] as FindingRow[];
}

/** The codes of what is found, each once for every finding. */
export const codesIn = (...history: History): readonly string[] => found(...history).map(({ code }) => code);

function recorded({ stream, type, data, ...about }: Entry, revision: number, position: number): RecordedEvent {
  const { by = 'ledger', on = '2024-05-01', at = `${on}T02:00:00.000Z`, roles = [], policy, evidence, command } = about;
  return {
    id: `${stream}-${revision}`,
    stream,
    revision,
    position,
    type,
    data,
    recordedAt: at,
    metadata: {
      effectiveOn: on,
      actor: { id: by, unit: '科技局', roles: roles as readonly never[] },
      commandId: command ?? `${stream}-${revision}`,
      commandHash: 'h',
      correlationId: 'c',
      causationId: 'c',
      ...(policy && { policy }),
      ...(evidence && { evidence }),
    },
  };
}

const cited = { line: 1, quote: '奖补' };
const fixed = (id: string, amount: string, more: object = {}) => ({
  id,
  title: '定额奖补',
  citation: cited,
  shape: { kind: 'fixed', amount },
  uniqueness: 'once',
  ...more,
});
export const PACK = 'test-2024';

/** One clause of each kind the detectors tell apart. */
export function packOf(more: Partial<Pack> = {}): Pack {
  const bool = (label: string) => ({ type: 'bool', label, period: 'none' });
  return packFromCanonical({
    id: PACK,
    title: '奖补办法',
    issuer: '虚构市科技局',
    region: '虚构市',
    source: { file: 'fictional.txt', sha256: '0'.repeat(64) },
    status: 'in-force',
    force: { from: '2024-01-01', until: '2025-01-01' },
    disclosure: 'public',
    publicNotice: { days: 5, basis: 'notice' },
    inputs: {
      'enterprise.hnte': bool('高新技术企业'),
      'project.accepted': bool('项目通过验收'),
      'rd.expenditure': { type: 'money', label: '研发投入', period: 'none' },
    },
    gates: [{ id: 'hnte', title: '高新技术企业', citation: cited, when: { input: 'enterprise.hnte', equals: true } }],
    envelopes: [],
    clauses: [
      fixed('F', '100000.00', { gates: ['hnte'], excludes: ['X'] }),
      fixed('X', '50000.00', { excludes: ['F'] }),
      fixed('P', '80000.00', { uniqueness: 'project' }),
      fixed('T', '80000.00', { uniqueness: 'transaction' }),
      {
        id: 'R',
        title: '研发补助',
        citation: cited,
        shape: { kind: 'percent', base: 'rd.expenditure', rate: '10%', cap: { amount: '400000.00' } },
        rounding: 'half-up-fen',
        uniqueness: 'once',
      },
      {
        id: 'S',
        title: '分期奖补',
        citation: cited,
        shape: {
          kind: 'staged',
          total: '200000.00',
          instalments: [
            { amount: '100000.00', citation: cited, when: { input: 'enterprise.hnte', equals: true } },
            { amount: '100000.00', citation: cited, when: { input: 'project.accepted', equals: true } },
          ],
        },
        uniqueness: 'once',
      },
      { id: 'D', title: '酌定', citation: cited, shape: { kind: 'discretionary', ceiling: { amount: '300000.00' } }, uniqueness: 'once' },
    ],
    interpretations: [
      {
        id: 'notice',
        clauses: [],
        question: '公示几天？',
        options: [
          { id: 'five', text: '5天' },
          { id: 'none', text: '不公示' },
        ],
        chosen: 'five',
        reason: '惯例',
      },
    ],
    ...more,
  });
}

/** The publication of a pack. */
export function published(pack: Pack = packOf()): Entry {
  const { force, status } = pack;
  const data = { pack: canonicalPack(pack), hash: packHash(pack), version: 1, from: force.from, until: force.until, status };
  return { stream: `policy-${pack.id}`, type: 'policy-published', data, on: '2024-01-01', roles: ['service'] };
}

export const PAYEE = '91360700MA0000000P';
export const OTHER = '91360700MA0000001M';
export const dossier = (code: string, type: string, data: object, about: About = {}): Entry => ({
  stream: `enterprise-${code}`,
  type,
  data,
  by: 'clerk',
  on: '2024-03-01',
  ...about,
});
export const CERTIFICATE = 'GR202436000001';
export const certificate = (more: object = {}) =>
  dossier(PAYEE, 'certificate-recorded', {
    number: CERTIFICATE,
    kind: 'hnte',
    certification: 'first',
    issuedOn: '2024-01-05',
    expiresOn: '2027-01-04',
    issuer: '认定机构',
    corrects: false,
    ...more,
  });
export const fact = (id = 'F1', code = PAYEE, name = 'rd.expenditure') =>
  dossier(code, 'fact-recorded', { factId: id, name, value: '1000000.00', sourceUnit: '统计局' });
export const verified = (id = 'F1', by = 'reviewer', code = PAYEE) => dossier(code, 'fact-verified', { factId: id }, { by });

/** The steps of an award's life, in their order. */
const STEPS = ['apply', 'assess', 'review', 'publicise', 'start', 'grant', 'unlock', 'prepare', 'freeze', 'order', 'pay'] as const;
type Step = (typeof STEPS)[number];
interface Life {
  readonly clause?: string;
  readonly payee?: string;
  readonly occasion?: { readonly kind: string; readonly key: string };
  readonly facts?: Readonly<Record<string, string | boolean>>;
  /** What the clause gives. */
  readonly amount?: string;
  readonly used?: readonly object[];
  readonly account?: string;
  readonly until?: Step;
  /** What is otherwise in a step than in a proper life: `null` leaves it out. */
  readonly but?: Partial<Record<Step, (About & { readonly data?: object }) | null>>;
  /** What happens before a step. */
  readonly before?: Partial<Record<Step, readonly Entry[]>>;
}

/** A proper award: assessed, reviewed, publicised, granted and paid by four people. */
export function award({ clause = 'F', payee = PAYEE, occasion = { kind: 'once', key: 'once' }, ...life }: Life = {}): readonly Entry[] {
  const { facts = { 'enterprise.hnte': true }, amount = '100000.00', used = [], account = `账户-${payee}`, until = 'pay', but = {} } = life;
  const id = `${PACK}.${clause}.${payee}.${occasion.key}`;
  const stream = `award-${id}`;
  const batch = `B-${clause}-${payee.slice(-3)}`;
  const budget = { pack: PACK, line: 'rd', period: '2024' };
  const hash = contentHash(clause);
  const paid = { no: 1, amount, batch, line: 1 };
  const steps: Readonly<Record<Step, Entry>> = {
    apply: {
      stream,
      type: 'award-applied',
      data: { pack: PACK, clause, payee, payeeName: `企业${payee.slice(-1)}`, occasion: { ...occasion, reference: occasion.key } },
      by: 'clerk',
      on: '2024-04-01',
    },
    assess: {
      stream,
      type: 'award-assessed',
      data: { version: 1, packHash: hash, on: '2024-04-01', facts, used, assessment: {} },
      by: 'clerk',
      on: '2024-04-01',
    },
    review: { stream, type: 'award-reviewed', data: { recommended: true }, by: 'reviewer', on: '2024-04-02' },
    publicise: {
      stream,
      type: 'award-publicised',
      data: { from: '2024-04-02', until: '2024-04-06', days: 5 },
      by: 'clerk',
      on: '2024-04-02',
    },
    start: {
      stream,
      type: 'award-grant-started',
      data: { grant: 'g', amount, budget, documentNo: '8号' },
      by: 'approver',
      on: '2024-04-08',
    },
    grant: {
      stream,
      type: 'award-granted',
      data: { grant: 'g', amount, instalments: [{ no: 1, amount, needs: [] }], budget, documentNo: '8号', approver: 'approver' },
      roles: ['service'],
      on: '2024-04-08',
    },
    unlock: { stream, type: 'instalment-unlocked', data: { no: 1, amount, facts, used }, roles: ['service'], on: '2024-04-08' },
    prepare: {
      stream: `batch-${batch}`,
      type: 'batch-prepared',
      data: { title: '第一批', lines: [{ line: 1, award: id, instalment: 1, amount, payee, payeeName: '企业', account }] },
      by: 'finance',
      on: '2024-04-09',
    },
    freeze: { stream: `batch-${batch}`, type: 'batch-freeze-started', data: { payer: 'finance' }, by: 'finance', on: '2024-04-09' },
    order: { stream, type: 'instalment-ordered', data: { ...paid, payer: 'finance' }, roles: ['service'], on: '2024-04-09' },
    pay: {
      stream,
      type: 'instalment-paid',
      data: { ...paid, on: '2024-04-10', reference: 'R1' },
      roles: ['service'],
      on: '2024-04-10',
    },
  };
  return STEPS.slice(0, STEPS.indexOf(until) + 1).flatMap((step) => {
    const change = but[step];
    const before = life.before?.[step] ?? [];
    if (change === null) return before;
    return [...before, { ...steps[step], ...change, data: { ...steps[step].data, ...change?.data } }];
  });
}

/** Another event of the award a life is about. */
export const more = (type: string, data: object, about: About = {}, clause = 'F'): Entry => ({
  stream: `award-${PACK}.${clause}.${PAYEE}.once`,
  type,
  data,
  ...about,
});

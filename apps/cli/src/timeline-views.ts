import { kindOfEvent } from '@app/exports';
import { officeTime } from '@app/kernel';
import { NAMES, showPart, tableOf } from './output.js';
import { eventTerm } from './terms.js';

interface Step {
  readonly position: number;
  readonly event: string;
  readonly stream: string;
  readonly recordedAt: string;
  readonly effectiveOn: string;
  readonly actor: { readonly id: string; readonly unit: string };
  readonly policy?: { readonly pack: string; readonly clause: string; readonly version: number };
  readonly evidence?: readonly { readonly title: string; readonly documentNo?: string }[];
}
interface Link {
  readonly position: number;
  readonly event: string;
}
interface Entry extends Step {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly causedBy: Link | null;
  readonly caused: readonly Link[];
  readonly causedCount: number;
}
interface EventView extends Step {
  readonly id: string;
  readonly revision: number;
  readonly data: unknown;
  readonly causes: readonly Step[];
  readonly consequences: readonly (Step & { readonly depth: number; readonly causedBy: number })[];
  readonly isCut: boolean;
}

/** An instant as the clocks of the office show it, to the minute. */
const timeOf = (instant: string) => officeTime(new Date(instant)).slice(0, -3);
const personOf = ({ actor: { id, unit } }: Pick<Step, 'actor'>) => (id === 'ledger' ? '系统' : `${id}（${unit}）`);
const clauseOf = ({ policy }: Pick<Step, 'policy'>) => (policy === undefined ? '' : `${policy.pack}\n${policy.clause} v${policy.version}`);
const evidenceOf = ({ evidence = [] }: Pick<Step, 'evidence'>) =>
  evidence.map(({ title, documentNo }) => (documentNo === undefined ? title : `${title} ${documentNo}`)).join('\n');
const linkOf = ({ position, event }: Link) => `#${position} ${eventTerm(event)}`;

const LONGEST_REASON = 24;
const short = (text: string) => (text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}…` : text);

/** A fact by what policies call it. */
const factName = (name: string) => NAMES.fact(name)?.label ?? name;
const factValue = (name: string, value: string | boolean) =>
  typeof value === 'boolean' ? (value ? '是' : '否') : (NAMES.fact(name)?.words?.[value] ?? value);

/** Of what counts its `no`: other events count moves, or what was reported. */
const OF_INSTALMENT = /^(instalment|overpayment)-/;

/** The figures and words of an event that tell it from others of its kind. */
function gistOf({ event, data = {} }: Pick<Entry, 'event' | 'data'>): string {
  const { no, factId, name, value, amount, total, batch, reason, documentNo, approver } = data;
  const fact = typeof factId === 'string' && typeof name === 'string' ? name : undefined;
  return [
    typeof no === 'number' && OF_INSTALMENT.test(event) ? `第${no}期` : '',
    typeof factId === 'string' ? factId : '',
    typeof name === 'string' ? (fact === undefined ? name : factName(name)) : '',
    typeof value === 'string' || typeof value === 'boolean' ? `= ${factValue(fact ?? '', value)}` : '',
    typeof amount === 'string' ? `${amount}元` : '',
    typeof total === 'string' ? `${total}元` : '',
    typeof batch === 'string' ? `批次${batch}` : '',
    typeof documentNo === 'string' ? documentNo : '',
    typeof approver === 'string' ? `批准人 ${approver}` : '',
    typeof reason === 'string' ? short(reason) : '',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function effectsOf({ caused, causedCount }: Entry): string {
  const shown = caused.slice(0, 3).map(linkOf);
  return [...shown, ...(causedCount > shown.length ? [`等${causedCount}项`] : [])].join('\n');
}

interface Reliances {
  readonly record: Recorded;
  readonly items: readonly {
    readonly stream: string;
    readonly award?: { readonly award: string; readonly payeeName: string; readonly paid: string; readonly recovered: string };
    readonly stands: boolean;
    readonly decisions: readonly (Step & {
      readonly decidedBy: string;
      readonly how: 'relied' | 'follows';
      readonly inputs?: readonly { readonly input: string; readonly value: string | boolean; readonly verified: boolean }[];
      readonly instalment?: number;
      readonly amount?: string;
      readonly stands: boolean;
      readonly endedBy?: number;
    })[];
  }[];
  readonly next?: string;
}

type Part = Parameters<typeof showPart>[0];
type Reliant = Reliances['items'][number];

function reliantText({ stream, award, stands, decisions }: Reliant): string {
  const subject = award === undefined ? stream : `${award.award}（${award.payeeName}）`;
  const money = award === undefined || award.paid === '0.00' ? '' : `，据此已拨付 ${award.paid} 元，已追回 ${award.recovered} 元`;
  const table = tableOf(
    ['位置', '登记时间', '决定人', '决定', '金额（元）', '关系', '现状'],
    decisions.map((decision) => [
      decision.position,
      timeOf(decision.recordedAt),
      decision.decidedBy === decision.actor.id ? personOf(decision) : decision.decidedBy,
      [eventTerm(decision.event), decision.instalment === undefined ? '' : `第${decision.instalment}期`]
        .filter((part) => part !== '')
        .join(' '),
      decision.amount ?? '',
      decision.how === 'follows'
        ? '据此作出'
        : [
            '直接引用',
            ...(decision.inputs ?? []).map(
              ({ input, value, verified }) => `${factName(input)} = ${factValue(input, value)}${verified ? '' : '（未核实）'}`,
            ),
          ].join('\n'),
      decision.stands ? '仍有效' : decision.endedBy === undefined ? '已了结' : `#${decision.endedBy} 起不再有效`,
    ]),
  );
  return `${subject}：${stands ? '尚有决定有效' : '已无决定有效'}${money}\n${table}`;
}

interface Recorded {
  readonly factId?: string;
  readonly name?: string;
  readonly value?: string | boolean;
  readonly period?: string;
  readonly sourceUnit?: string;
  readonly verification?: string;
  readonly recordedBy?: string;
  readonly checked?: { readonly by: string };
  readonly dispute?: { readonly reason: string };
  readonly correctedBy?: string;
  readonly number?: string;
  readonly issuer?: string;
  readonly issuedOn?: string;
  readonly expiresOn?: string;
  readonly revoked?: { readonly on: string; readonly reason: string };
  readonly listing?: string;
  readonly from?: string;
  readonly until?: string;
  readonly ended?: string;
  readonly question?: string;
  readonly chosen?: string | null;
  readonly options?: readonly { readonly id: string; readonly text: string }[];
  readonly reason?: string;
}

/** What the ledger holds of a record: in a line, or field by field. */
function recordText(record: Recorded): string {
  if (record.factId !== undefined)
    return [
      `${record.factId} ${factName(record.name ?? '')} = ${factValue(record.name ?? '', record.value ?? '')}${record.period === undefined ? '' : `（${record.period}）`}，${record.sourceUnit}`,
      `登记 ${record.recordedBy}`,
      record.verification === 'verified' ? `已核实${record.checked === undefined ? '' : `（${record.checked.by}）`}` : '未核实',
      ...(record.dispute === undefined ? [] : [`有异议：${record.dispute.reason}`]),
      ...(record.correctedBy === undefined ? [] : [`已被 ${record.correctedBy} 更正`]),
    ].join('，');
  if (record.question !== undefined) {
    const chosen = record.options?.find(({ id }) => id === record.chosen)?.text;
    return `${record.question}\n  采用 ${chosen ?? '（待定）'}：${record.reason}`;
  }
  if (record.number !== undefined) {
    const end = record.revoked === undefined ? '' : `，${record.revoked.on} 撤销：${record.revoked.reason}`;
    return `证书 ${record.number}，${record.issuer}，${record.issuedOn} 至 ${record.expiresOn}${end}，登记 ${record.recordedBy}`;
  }
  if (record.listing !== undefined) {
    const end = record.ended === undefined ? '' : `，已于 ${record.ended} 终止`;
    return `失信名单记录 ${record.listing}，${record.from} 起，${record.until} 止（当日不计）${end}：${record.reason}`;
  }
  return showPart(record as Part, 'audit/reliance/*/*', 'record');
}

function reliances({ record, items, next }: Reliances): string {
  const found = items.length === 0 ? '没有决定引用它' : items.map(reliantText).join('\n\n');
  return [recordText(record), '', found, ...(next === undefined ? [] : [`更多：--cursor ${next}`])].join('\n');
}

const RELIED_ON = ['fact', 'certificate', 'move', 'title', 'registration', 'clearance', 'listing', 'interpretation', 'document'];

/** Views of what happened, who did it and what came of it, by the command's words. */
export const TIMELINE_VIEWS: Readonly<Record<string, (answer: never) => string>> = {
  'audit timeline': ({ items, next }: { readonly items: readonly Entry[]; readonly next?: string }) => {
    if (items.length === 0) return '（无）';
    const table = tableOf(
      ['位置', '登记时间', '生效日', '经办人（单位）', '事项', '条款', '依据', '起因', '引起'],
      items.map((entry) => [
        entry.position,
        timeOf(entry.recordedAt),
        entry.effectiveOn,
        personOf(entry),
        [eventTerm(entry.event), gistOf(entry)].filter((part) => part !== '').join('\n'),
        clauseOf(entry),
        evidenceOf(entry),
        entry.causedBy === null ? '' : linkOf(entry.causedBy),
        effectsOf(entry),
      ]),
    );
    return next === undefined ? table : `${table}\n更多：--cursor ${next}`;
  },
  ...Object.fromEntries(RELIED_ON.map((kind) => [`audit relied-on ${kind}`, reliances as (answer: never) => string])),
  'audit event': (view: EventView) => {
    const row = (step: Step) => [
      step.position,
      timeOf(step.recordedAt),
      step.effectiveOn,
      personOf(step),
      eventTerm(step.event),
      step.stream,
    ];
    const headings = ['位置', '登记时间', '生效日', '经办人（单位）', '事项', '所在'];
    return [
      `#${view.position} ${eventTerm(view.event)}（${view.stream} 修订号 ${view.revision}）`,
      `登记 ${timeOf(view.recordedAt)}，生效 ${view.effectiveOn}，${personOf(view)}`,
      ...(view.policy === undefined ? [] : [`条款 ${view.policy.pack} ${view.policy.clause} v${view.policy.version}`]),
      ...(view.evidence === undefined ? [] : [`依据 ${evidenceOf(view).replaceAll('\n', '；')}`]),
      showPart(view.data as Part, 'audit/events/*', kindOfEvent(view.event)),
      ...(view.causes.length === 0 ? [] : ['起因（由近及远）', tableOf(headings, view.causes.map(row))]),
      ...(view.consequences.length === 0
        ? ['没有引起别的事项']
        : [
            `引起${view.isCut ? '（未列完）' : ''}`,
            tableOf(
              [...headings, '起因'],
              view.consequences.map((step) => [...row(step), `#${step.causedBy}`]),
            ),
          ]),
    ].join('\n');
  },
};

import { unreachable } from '@app/kernel';
import {
  type Citation,
  type Clause,
  type Comparison,
  type Due,
  type Fulfilment,
  type Metric,
  type NoteKind,
  type Pack,
  type Shape,
  type TargetCounts,
  citationOf,
  coveredBy,
} from './pack.js';

/** One rule of a source document, as the catalogue lists it. */
export interface CatalogueRow {
  readonly id: string;
  readonly seed: string;
  readonly lines: readonly number[];
  readonly kind: string;
  readonly quote: string;
}

/**
 * What the ledger does with a rule today. `executable`: an assessment or another control applies it. `tracked`: its progress is shown.
 * `registered`: it stands in a pack with its words, and nothing follows it.
 */
export type Handling = 'executable' | 'tracked' | 'registered';

/** Where a rule stands and what is done with it; all null for a rule that stands in no pack. */
export interface CoverageRow {
  readonly id: string;
  readonly pack: string | null;
  readonly clause: string | null;
  readonly handling: Handling | null;
  readonly note: string;
}

interface Finding {
  readonly handling: Handling;
  readonly note: string;
}

const COLUMNS = ['id', 'seed', 'lines', 'kind', 'quote'];

/**
 * Reads a catalogue: tab-separated, with a heading line; `lines` holds numbers joined by commas.
 * @throws Error naming the line that is malformed.
 */
export function parseCatalogue(text: string): readonly CatalogueRow[] {
  const [heading, ...lines] = text.split('\n').filter((line) => line !== '');
  if (heading !== COLUMNS.join('\t')) throw new Error(`the catalogue must begin with the columns ${COLUMNS.join(', ')}`);
  return lines.map((line, index) => {
    const fields = line.split('\t');
    const [id, seed, numbers, kind, quote] = fields as [string, string, string, string, string];
    if (fields.length !== COLUMNS.length || fields.includes('') || !/^[1-9]\d*(,[1-9]\d*)*$/.test(numbers)) {
      throw new Error(`line ${index + 2} of the catalogue is malformed`);
    }
    return { id, seed, lines: numbers.split(',').map(Number), kind, quote };
  });
}

/** One row for each rule of the catalogue, in its order: the clause that answers for it, and what is done with it today. */
export function coverage(rows: readonly CatalogueRow[], packs: readonly Pack[]): readonly CoverageRow[] {
  return rows.map((row) => {
    const found = clauseFor(row, packs);
    if (found === undefined) return { id: row.id, pack: null, clause: null, handling: null, note: '不在任何政策包中。' };
    const { pack, clause } = found;
    if (!isSameCitation(citationOf(clause, row.id), row)) {
      return { id: row.id, pack: null, clause: null, handling: null, note: `${pack.id} ${clause.id} 所引的行或原文与目录不一致。` };
    }
    const { handling, note } = handlingOf(pack, clause);
    return { id: row.id, pack: pack.id, clause: clause.id, handling, note: `${note}${partsText(pack, clause)}${openText(pack, clause)}` };
  });
}

/** Something a document leaves open: nothing is paid under it until it is settled. */
export interface OpenQuestion {
  readonly pack: string;
  readonly clause: string;
  readonly title: string;
  readonly citation: Citation;
  /** `registered`: the text gives nothing to execute. `interpretation`: a reading has not been chosen. */
  readonly kind: 'registered' | 'interpretation';
  readonly interpretation?: string;
  /** Why it is open, in words. */
  readonly reason: string;
}

/** 待定事项: the clauses of a pack that give nothing to execute, and the readings nobody has chosen yet, clause by clause. */
export function openQuestions(pack: Pack): readonly OpenQuestion[] {
  return pack.clauses.flatMap((clause) => {
    const { id, title, citation } = clause;
    const head = { pack: pack.id, clause: id, title, citation };
    const { handling, note } = handlingOf(pack, clause);
    const silent: readonly OpenQuestion[] = handling === 'registered' ? [{ ...head, kind: 'registered', reason: note }] : [];
    const undecided = pack.interpretations.filter(({ chosen, clauses }) => chosen === null && clauses.includes(id));
    return [
      ...silent,
      ...undecided.map(({ id: interpretation, question, reason }): OpenQuestion => ({
        ...head,
        kind: 'interpretation',
        interpretation,
        reason: `${question}${reason}。`,
      })),
    ];
  });
}

function clauseFor(row: CatalogueRow, packs: readonly Pack[]): { readonly pack: Pack; readonly clause: Clause } | undefined {
  for (const pack of packs) {
    if (pack.source.file !== row.seed) continue;
    const clause = pack.clauses.find((one) => coveredBy(one).includes(row.id));
    if (clause !== undefined) return { pack, clause };
  }
  return undefined;
}

function isSameCitation({ line, quote }: Citation, row: CatalogueRow): boolean {
  const lines = typeof line === 'number' ? [line] : line;
  return quote === row.quote && lines.join() === row.lines.join();
}

/** Read off the shape and what it is used for, so that a pack cannot claim more than the engine does. */
function handlingOf(pack: Pack, clause: Clause): Finding {
  const { shape } = clause;
  switch (shape.kind) {
    case 'fixed':
    case 'percent':
    case 'level-table':
    case 'match':
      return applied(pack, '按条文核对条件并计算金额');
    case 'staged':
      return applied(pack, '按条文核对条件，分期计算金额，逐期判断是否到付');
    case 'discretionary':
      return applied(pack, '核对条件并给出上限，由经办部门在上限内核定并说明理由');
    case 'gate':
      return applied(pack, isWaivable(pack, clause) ? '作为条件核对；原则性要求，可说明理由后豁免' : '作为条件核对，不满足即不予支持');
    case 'tier':
      return applied(pack, '按条文判断应入的梯队；入库、升降和退出逐笔登记，每年复核');
    case 'ladder':
      return applied(
        pack,
        `梯队：${shape.tiers.map(({ title }) => title).join('、')}${sizeText(shape)}；入库、升降和退出逐笔登记，写明条件的梯队须满足条件，其余由经办人员说明理由`,
      );
    case 'external':
    case 'unspecified':
      return registered(`条文未写明金额，评估结论为暂不能兑付，待${clause.waits ?? '实施细则'}；实施细则须经修订本政策列入，此前不得兑付`);
    case 'budget':
      return budgetHandling(pack, shape.envelope);
    case 'target':
      return tracked(`目标：${targetText(shape)}；按统计口径登记完成数，核对是否达到${metricText(shape)}`);
    case 'target-table':
      return tracked(
        `目标表：${shape.indicator}（${shape.unit}），${shape.rows.length}行${shape.columns.length}列${blankText(shape)}；逐格登记完成数，可按表查询和排名`,
      );
    case 'deadline':
      return tracked(`${EVERY[shape.every]}（${byText(shape)}）：${shape.action}；逐期列出到期、办结和逾期${fulfilmentText(shape)}`);
    case 'clearance':
      return applied(pack, `${shape.agency}的核查意见；要求核查的条款或梯队，没有有效的通过意见不予兑付、不予推荐`);
    case 'roster':
      return tracked('名单按档案和名册生成，可按日期查询、导出');
    case 'title':
      return tracked(`“${shape.name}”称号逐年登记授予、撤销和依据，可按年度查询`);
    case 'note':
      return noteHandling(pack, shape.about);
    default:
      return unreachable(shape);
  }
}

const tracked = (note: string): Finding => ({ handling: 'tracked', note: `${note}。` });
const registered = (note: string): Finding => ({ handling: 'registered', note: `${note}。` });

/** A draft is computed all the same, but only as a simulation. */
const applied = (pack: Pack, note: string): Finding => ({
  handling: 'executable',
  note: `${note}${pack.status === 'draft' ? '；草案尚未施行，只作测算' : ''}。`,
});

const isWaivable = (pack: Pack, { gates = [] }: Clause): boolean =>
  gates.every((id) => pack.gates.find((gate) => gate.id === id)?.soft === true);

function budgetHandling(pack: Pack, envelopeId: string): Finding {
  const rule = pack.envelopes.find(({ id }) => id === envelopeId)?.rule;
  return rule === 'exactly'
    ? {
        handling: 'executable',
        note: `以“${envelopeId}”设立的预算科目，下达和调整的合计不得超过此数；定由该科目支出的奖补只能从该科目支出。`,
      }
    : { handling: 'tracked', note: `以“${envelopeId}”设立的预算科目，显示距此数尚未下达的差额；不足时不作拦阻。` };
}

/** What a note is, for the kinds that give nothing to execute. */
const NOTES: Readonly<Record<Exclude<NoteKind, 'validity' | 'disclosure' | 'registry' | 'blacklist' | 'adjustment'>, string>> = {
  priority: '优先支持的规定，文本没有写明排序的尺度，不据以计算',
  explore: '探索性的制度，尚无办法可以执行',
  external: '落实另行制定的政策，该政策不在本文件内，依据该政策另行办理',
  kpi: '考核的规定，由考核部门办理，文本没有可以计算的内容',
  layer: '对下级政府的要求，文本没有可以计算的内容',
  condition: '对企业或资金用途的要求，文本没有可以判断的尺度',
};

function noteHandling(pack: Pack, about: NoteKind): Finding {
  switch (about) {
    case 'validity':
      return pack.force.from === null && pack.force.until === null
        ? registered('文件的期限；没有可以据以判断的日期')
        : { handling: 'executable', note: '施行和失效日期，期限以外的业务日期一律不予受理。' };
    case 'disclosure':
      return pack.status === 'draft'
        ? { handling: 'executable', note: '草案不予受理，只作测算，测算结果有标记。' }
        : {
            handling: 'executable',
            note: `公开属性，随政策和导出的每条记录一并显示；${
              pack.disclosure === 'public' ? '可以列入对外公开的文件' : '对外公开的导出不含其记录，公示表不引用其文字'
            }。`,
          };
    case 'registry':
      return applied(pack, '服务机构备案名册；申报所列服务机构须在备案有效期内');
    case 'blacklist':
      return applied(pack, '告知、申辩、决定、异议、修复按程序逐步登记；列入期间不受理新的奖补，未付的暂缓，移出后恢复');
    case 'adjustment':
      return applied(pack, '梯队每年复核，逐户提出调整建议并决定');
    case 'priority':
    case 'explore':
    case 'external':
    case 'kpi':
    case 'layer':
    case 'condition':
      return registered(NOTES[about]);
    default:
      return unreachable(about);
  }
}

/** How a target is compared with what it asks for, in words. */
export const COMPARISON_TERMS: Readonly<Record<Comparison, string>> = {
  'at-least': '不少于',
  'more-than': '超过',
  'at-most': '不超过',
  'less-than': '低于',
  exactly: '恰为',
  about: '约',
};
/** What a target counts, in words. */
export const COUNT_TERMS: Readonly<Record<TargetCounts, string>> = {
  standing: '存量',
  'within-year': '当年数',
  cumulative: '累计数',
  'yearly-average': '年均数',
};
const EVERY = { year: '每年', 'half-year': '每半年', quarter: '每季度', once: '一次' } as const;

function targetText({ indicator, unit, comparison, value, due, counts, baseline, tolerance }: Extract<Shape, { kind: 'target' }>): string {
  const compared = baseline === undefined ? '' : `，对照${baseline}`;
  const around = tolerance === undefined ? '' : `（上下${tolerance}${unit}）`;
  return `${indicator}${COMPARISON_TERMS[comparison]}${value}${unit}${around}${compared}，${COUNT_TERMS[counts ?? 'standing']}，${dueText(due)}`;
}

function dueText(due: Due): string {
  if ('date' in due) return `${due.date}到期`;
  if ('year' in due) return due.since === undefined ? `${due.year}年底到期` : `${due.since}年至${due.year}年`;
  if (due.from === undefined) return due.to === undefined ? '每年' : `至${due.to}年每年`;
  return due.to === undefined ? `自${due.from}年起每年` : `${due.from}年至${due.to}年每年`;
}

/** What the ledger counts of its own records, in words. */
export const METRIC_TERMS: Readonly<Record<Metric, string>> = {
  'certificates-in-force': '证书在有效期内的企业数',
  'certificates-in-force-above-scale': '证书在有效期内的规模以上企业数',
  'tech-smes-registered': '入库登记的科技型中小企业数',
  'enterprises-relocated': '迁入企业数',
  'certified-enterprises-relocated': '迁入时证书有效的企业数',
  'awards-granted': '批准奖补数',
};
const metricText = ({ metric }: Extract<Shape, { kind: 'target' }>): string =>
  metric === undefined ? '' : `，并与台账自行统计的${METRIC_TERMS[metric]}对照`;

/** What shows a duty done, in words. */
export const FULFILMENT_TERMS: Readonly<Record<Fulfilment['kind'], string>> = {
  'tier-review': '梯队复核办结',
  recommendation: '推荐名单登记',
  title: '当年称号授予',
  appropriation: '当年资金下达',
};
const fulfilmentText = ({ fulfilledBy }: Extract<Shape, { kind: 'deadline' }>): string =>
  fulfilledBy === undefined ? '' : `，以${FULFILMENT_TERMS[fulfilledBy.kind]}为准`;

const byText = ({ every, by }: Extract<Shape, { kind: 'deadline' }>): string =>
  by === 'end' ? '文本未写日期，以期末为限' : every === 'once' ? `${by}到期` : `不晚于${by}`;

const sizeText = ({ tiers, size }: Extract<Shape, { kind: 'ladder' }>): string =>
  size === undefined ? '' : `（文本称${size}级，写明${tiers.length}级）`;

function blankText({ rows }: Extract<Shape, { kind: 'target-table' }>): string {
  const blank = rows.flatMap(({ values }) => values).filter((value) => value === null).length;
  return blank === 0 ? '' : `，其中${blank}格未填，作未知处理`;
}

function partsText(pack: Pack, { id }: Clause): string {
  const parts = pack.clauses.filter(({ partOf }) => partOf === id).map(({ title }) => title);
  return parts.length === 0 ? '' : `另含：${parts.join('、')}。`;
}

function openText(pack: Pack, { id }: Clause): string {
  const open = pack.interpretations
    .filter(({ chosen, clauses }) => chosen === null && clauses.includes(id))
    .map(({ question }) => question);
  return open.length === 0 ? '' : `待定：${open.join('')}`;
}

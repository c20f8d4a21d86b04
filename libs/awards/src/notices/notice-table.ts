import { capitalAmount, Money } from '@app/kernel';
import { BYTE_ORDER_MARK, type Cell, csvLine, type FilledSheet, type SheetRow, workbookBuffer } from '@app/sheets';
import type { NoticedAward } from './notices.query.js';

/** The policy of a notice, in its own words where these may stand in what the public reads. */
export interface NoticePolicy {
  readonly issuer: string;
  /** Absent where the document must not be quoted. */
  readonly quoted?: { readonly title: string; readonly clauses: ReadonlyMap<string, { readonly title: string; readonly quote: string }> };
}

const COLUMNS = ['序号', '企业名称', '统一社会信用代码', '奖补项目', '依据条款', '拟奖补金额（元）'];
const WIDTHS = [6, 34, 22, 26, 40, 18];
const LAST_DAY = '公示截止日';

export type NoticeFormat = 'xlsx' | 'csv';

/**
 * 公示表: the awards whose notice begins on one day, as an office posts it. Only what the public is to judge is on it: no
 * account, no person, no remark of the office.
 * @param noticed at least one.
 */
export function noticeTable(noticed: readonly NoticedAward[], policy: NoticePolicy, format: NoticeFormat): Promise<Buffer> {
  const lastDays = [...new Set(noticed.map(({ endsOn }) => endsOn))].sort();
  const hasLastDays = lastDays.length > 1;
  const headings = hasLastDays ? [...COLUMNS, LAST_DAY] : COLUMNS;
  const rows = noticed.map((award, index): readonly Cell[] => [
    index + 1,
    award.payeeName,
    award.payee,
    policy.quoted?.clauses.get(award.clause)?.title ?? '奖补资金',
    basisOf(award.clause, policy),
    award.amount === null ? '待定' : Money.parse(award.amount),
    ...(hasLastDays ? [award.endsOn] : []),
  ]);
  const total = Money.sum(noticed.map(({ amount }) => (amount === null ? Money.zero : Money.parse(amount))));
  if (format === 'csv')
    return Promise.resolve(Buffer.from(BYTE_ORDER_MARK + [headings, ...rows, totalCells(total, headings)].map(csvLine).join(''), 'utf8'));
  return workbookBuffer([sheetOf(noticed, policy, headings, rows, total, lastDays.at(-1) as string)]);
}

function sheetOf(
  noticed: readonly NoticedAward[],
  { issuer, quoted }: NoticePolicy,
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  total: Money,
  lastDay: string,
): FilledSheet {
  const firstDay = noticed[0]?.startsOn ?? '';
  const places = [...new Set(noticed.flatMap(({ place }) => place ?? []))].join('、');
  const line = (text: string, style: SheetRow['style'] = 'note', height = 20): SheetRow => ({
    cells: [text],
    style,
    acrossAll: true,
    height,
  });
  return {
    name: '公示表',
    widths: headings.length > WIDTHS.length ? [...WIDTHS, 14] : WIDTHS,
    print: { orientation: 'landscape', repeatedRows: [3, 3] },
    rows: [
      line(quoted === undefined ? '奖补资金拟兑付情况公示' : `《${quoted.title}》奖补资金拟兑付情况公示`, 'title', 46),
      line(
        `公示期：${chineseDay(firstDay)}${lastDay === firstDay ? '' : `至${chineseDay(lastDay)}`}${places === '' ? '' : `    公示地点：${places}`}`,
      ),
      { cells: headings, style: 'heading', height: 24 },
      ...rows.map((cells): SheetRow => ({ cells, style: 'framed' })),
      { cells: totalCells(total, headings), style: 'total', height: 22 },
      line(`合计（大写）：${capitalAmount(total)}`),
      line(
        `异议受理：公示期内（至${chineseDay(lastDay)}止）对上述企业和金额有异议的，请向${issuer}书面反映，写明事实和理由，并附有关材料。`,
        'note',
        34,
      ),
      line(issuer, 'signature'),
      line(chineseDay(firstDay), 'signature'),
    ],
  };
}

/** The clause by its id, and in its words where these may be shown. */
function basisOf(clause: string, { quoted }: NoticePolicy): string {
  const quote = quoted?.clauses.get(clause)?.quote;
  return quote === undefined ? clause : `${clause}：“${quote}”`;
}

function totalCells(total: Money, headings: readonly string[]): readonly Cell[] {
  return headings.map((heading, index) => (index === 0 ? '合计' : heading === COLUMNS.at(-1) ? total : null));
}

/** 2024年6月3日 */
export function chineseDay(day: string): string {
  const [year = '', month = '', date = ''] = day.split('-');
  return `${year}年${Number(month)}月${Number(date)}日`;
}

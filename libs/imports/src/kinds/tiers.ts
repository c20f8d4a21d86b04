import type { CreditCode } from '@app/kernel';
import { RunTierCommand } from '@app/tiers';
import { type Column, type ImportKind, oneByOne } from '../import-kind.js';
import { creditCodeOf, text, word } from '../values.js';
import { CREDIT_CODE, documentsIn, EVIDENCE_COLUMNS } from './shared-columns.js';

const MOVES = { assign: '入库', promote: '升级', demote: '降级', remove: '移出' } as const;
const id = text(80);
const reason = text(1_000);
const move = word(MOVES);

const COLUMNS: readonly Column[] = [
  CREDIT_CODE,
  { field: 'ladder', heading: '培育库', required: true, example: 'ladder', help: '政策中梯次培育库的代号' },
  { field: 'action', heading: '调整方式', required: true, example: '入库', help: Object.values(MOVES).join('、') },
  { field: 'to', heading: '目标梯次', example: 'tier-1', help: '政策中梯次的代号；移出时不填' },
  { field: 'reason', heading: '理由', required: true, example: '年度评定', help: '最多1000字' },
  ...EVIDENCE_COLUMNS('如评定文件，没有可不填'),
];

interface TierRow {
  readonly ladder: string;
  readonly creditCode: CreditCode;
  readonly action: RunTierCommand['action'];
}

/** 梯次名单 */
export const tierImport: ImportKind<TierRow> = {
  name: 'tiers',
  title: '梯次名单',
  roles: ['reviewer', 'approver'],
  columns: COLUMNS,
  columnOf: {
    'enterprise-unknown': 'creditCode',
    'enterprise-merged': 'creditCode',
    'black-listed': 'creditCode',
    'ladder-unknown': 'ladder',
    'policy-not-in-force': 'ladder',
    'already-in-ladder': 'action',
    'not-in-ladder': 'action',
    'not-a-promotion': 'action',
    'not-a-demotion': 'action',
    'tier-unknown': 'to',
    'gates-not-met': 'to',
  },
  read(cells) {
    const creditCode = cells.need('creditCode', creditCodeOf);
    const ladder = cells.need('ladder', id);
    const type = cells.need('action', move) as keyof typeof MOVES;
    const to = cells.take('to', id);
    const evidence = documentsIn(cells);
    const act = { reason: cells.need('reason', reason), ...(evidence.length > 0 && { evidence }) };
    if (!cells.failed && (type === 'remove') !== (to === undefined))
      cells.fail('to', type === 'remove' ? 'superfluous' : 'required', type === 'remove' ? '移出时不填目标梯次' : '不能为空');
    const action = type === 'remove' ? { type, ...act } : { type, to: to as string, ...act };
    return { group: `${ladder}.${creditCode}`, item: { ladder, creditCode, action } };
  },
  bundles: oneByOne,
  command: ({ ladder, creditCode, action }, _group, context) => new RunTierCommand(ladder, creditCode, action, context),
};

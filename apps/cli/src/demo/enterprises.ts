import { type CreditCode, withCheckCharacter } from '@app/kernel';

/** A fictional enterprise. Names say so; the codes are made up and belong to nobody. */
export interface FictionalEnterprise {
  readonly code: CreditCode;
  readonly name: string;
}

let made = 0;
function fictional(name: string): FictionalEnterprise {
  made += 1;
  return { code: withCheckCharacter(`91360799MAXX${String(made).padStart(5, '0')}`), name: `${name}（虚构企业）` };
}

export const ENTERPRISES = {
  belowScale: fictional('赣州示例微电子有限公司'),
  aboveScale: fictional('赣州示例新能源汽车股份有限公司'),
  renewal: fictional('赣州示例软件有限公司'),
  inProvince: fictional('南昌迁来示例装备有限公司'),
  outOfProvince: fictional('深圳迁来示例材料有限公司'),
  unregisteredSme: fictional('赣州示例检测服务有限公司'),
  starPool: fictional('赣州示例生物科技股份有限公司'),
  patentHolder: fictional('赣州示例精密模具有限公司'),
  newlyListed: fictional('赣州示例智能制造股份有限公司'),
  revokedLater: fictional('赣州示例环保工程有限公司'),
} as const;

/** Enterprises of another district's cultivation pool, with the tier this year's assessment gives them. */
export const BAIYUN_ENTERPRISES = [
  [fictional('贵阳白云示例大数据有限公司'), 'first'],
  [fictional('贵阳白云示例铝加工有限公司'), 'first'],
  [fictional('贵阳白云示例食品有限公司'), 'second'],
] as const;

/** A service agency that prepares applications for others. */
export const AGENCY = fictional('赣州示例科技咨询服务有限公司');

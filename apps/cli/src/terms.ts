/** Chinese terms for what the ledger answers in its own words. They stand with the exported files, which say the same. */
export {
  ACHIEVED,
  AWARD_STATUS,
  BATCH_STATUS,
  DUE_STATE,
  DUTY_STATUS,
  eventTerm,
  FINDING_STATUS,
  LISTING_CLASS,
  OUTCOME,
  OUTLOOK,
  PROPOSAL,
  SEVERITY,
  SUBJECT,
  termOf,
} from '@app/exports';

/** What `ledger store doctor` finds. */
export const STORE_FINDINGS: Readonly<Record<string, string>> = {
  insecure: '未启用证书',
  anonymous: '未提供身份',
  'runs-as-administrator': '以管理员身份运行',
  'default-password': '使用出厂密码',
  'version-out-of-support': '版本不受支持',
  'clock-skew': '时钟偏差过大',
  'acl-default': '未设置默认权限',
  'acl-read': '读取权限过宽',
  'acl-write': '写入权限过宽',
  'acl-delete': '删除权限过宽',
  'acl-metadata': '元数据权限过宽',
  'system-projections': '内置投影已启用',
  'stream-tombstoned': '数据流已被永久删除',
  'stream-deleted': '数据流已被删除',
  truncated: '部分事件被隐藏',
  'max-age': '事件会过期',
  'max-count': '只保留最近的事件',
  'stream-acl': '数据流另设权限',
};

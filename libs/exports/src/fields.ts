/** What a field is called where people read it, and how its values are written there. */
export interface Field {
  readonly heading: string;
  /** Amounts in yuan, exact to the fen. */
  readonly kind?: 'yuan';
  /** Of the office alone: left out of files for the public. */
  readonly internal?: true;
}

const named = (headings: Readonly<Record<string, string>>): Readonly<Record<string, Field>> =>
  Object.fromEntries(Object.entries(headings).map(([name, heading]) => [name, { heading }]));
const yuan = (headings: Readonly<Record<string, string>>): Readonly<Record<string, Field>> =>
  Object.fromEntries(Object.entries(headings).map(([name, heading]) => [name, { heading: `${heading}（元）`, kind: 'yuan' }]));
const internal = (headings: Readonly<Record<string, string>>): Readonly<Record<string, Field>> =>
  Object.fromEntries(Object.entries(headings).map(([name, heading]) => [name, { heading, internal: true }]));

/**
 * The fields of every list, by their own name wherever they stand. A field of a part is headed by both: `plan.value` is
 * 计划·数值. Where the same name means something else in one list, that list says so (`lists.ts`).
 */
export const FIELDS: Readonly<Record<string, Field>> = {
  ...yuan({
    adjusted: '调整',
    amount: '金额',
    appropriated: '预算安排',
    available: '可用指标',
    balance: '余额',
    carriedOver: '结转',
    ceiling: '上限',
    clawbackOutstanding: '待追缴',
    clawbackReceived: '已追缴',
    computed: '测算金额',
    credit: '贷方',
    debit: '借方',
    granted: '批准金额',
    overpaid: '多付',
    paid: '已拨付',
    recomputed: '复算金额',
    reserved: '已占用指标',
    rest: '未用完',
    returnedTurnover: '银行退回',
    spent: '已支出',
    total: '合计金额',
    transferredIn: '调入',
    transferredOut: '调出',
    underpaid: '少付',
    unfunded: '缺口',
    unpaid: '未拨付',
  }),
  ...internal({
    account: '收款账户',
    actor: '经办人',
    agency: '服务机构',
    bar: '不得拨付',
    by: '经办人',
    caused: '引起',
    causedBy: '起因',
    clearances: '部门核查意见',
    closedBy: '办结人',
    correlationId: '关联编号',
    inspector: '检查人',
    movedAt: '最近推进时间',
    counted: '台账统计',
    data: '内容',
    decidedBy: '决定人',
    decision: '决定',
    evidence: '依据材料',
    facts: '数据',
    failed: '未满足',
    fileReference: '案卷号',
    gates: '门槛条件',
    held: '暂缓拨付',
    heldBecause: '暂缓原因',
    heldUntil: '暂缓至（不含）',
    lastFinding: '最近检查结果',
    missing: '尚缺数据',
    note: '说明',
    officers: '有关人员',
    openedBy: '立案人',
    outlook: '前景',
    override: '破格理由',
    payer: '拨付人',
    person: '责任人员',
    persons: '责任人员',
    proposedBy: '建议人',
    reason: '理由',
    recordedBy: '登记人',
    remark: '备注',
    restsOn: '所依数据',
    roles: '角色',
    unverified: '待核实',
    uploadedBy: '上传人',
    verifiedBy: '核实人',
  }),
  ...named({
    absorbed: '已并入企业',
    accountFact: '账户数据',
    achieved: '是否达到',
    action: '事项',
    actual: '实际',
    ageDays: '已逾（天）',
    appliedOn: '申报日期',
    asOf: '统计日期',
    award: '奖补编号',
    awaiting: '待银行回单笔数',
    awards: '奖补数',
    base: '基数',
    baseline: '基数',
    batch: '批次',
    blacklistSuggested: '建议立案',
    budgetLine: '预算科目',
    bytes: '字节数',
    case: '案件',
    cases: '案件',
    causedCount: '引起事项数',
    certificates: '证书数',
    certification: '认定类型',
    change: '变动',
    checked: '核实',
    citation: '引文',
    clause: '条款',
    clauseTitle: '条款名称',
    clocks: '时限',
    closedOn: '办结日期',
    code: '代码',
    comparison: '比较',
    contactUnit: '联系单位',
    correctedBy: '被更正为',
    corrections: '更正次数',
    corrects: '更正',
    count: '数量',
    counts: '统计口径',
    creditCode: '统一社会信用代码',
    creditCodeFlagged: '代码校验不符',
    current: '现行',
    day: '日期',
    daysLeft: '剩余（天）',
    daysOver: '已逾（天）',
    detail: '详情',
    diagnosis: '预诊断',
    differences: '差异',
    disclosure: '公开属性',
    disputedFacts: '存疑数据数',
    document: '文件',
    documentNo: '批准文号',
    done: '办结',
    doneOn: '办结日期',
    draft: '草案',
    dropped: '剔除笔数',
    due: '期限',
    dueOn: '期限',
    dueSince: '应付日',
    effectiveOn: '生效日期',
    elsewhere: '区外',
    ended: '终止',
    ended_how: '终止方式',
    ended_on: '终止日期',
    endedOn: '终止日期',
    endsOn: '截止日期',
    enterprise: '企业',
    envelope: '资金盘子',
    event: '事件',
    expiresOn: '有效期至',
    factId: '数据编号',
    file: '文件',
    final: '终值',
    finding: '检查结果',
    findings: '疑点数',
    force_from: '施行日期',
    force_until: '有效期止（不含）',
    from: '自',
    fromTitle: '原梯队',
    frozenOn: '锁定日期',
    fulfilledBy: '办结依据',
    gap: '差距',
    gate: '门槛',
    grade: '等级',
    grantedOn: '批准日期',
    ground: '事由',
    group: '分组',
    hash: '版本指纹',
    history: '经过',
    how: '方式',
    id: '编号',
    indicator: '指标',
    input: '数据',
    inspections: '检查次数',
    instalment: '分期',
    instalments: '分期',
    interpretation: '释义',
    isLate: '逾期',
    issuedOn: '发证日期',
    issuer: '发文机关',
    judges: '判断的事件',
    kind: '类别',
    ladder: '梯次',
    laterCertificate: '新证书',
    legalBasis: '法律依据',
    line: '科目',
    lines: '笔数',
    listed: '在名单上',
    listing: '名单编号',
    listingClass: '失信类别',
    measure: '计量单位',
    mergedOn: '合并日期',
    metric: '统计指标',
    moves: '迁移',
    name: '名称',
    names: '名称沿革',
    next: '下一梯队',
    no: '序号',
    notice: '公示',
    noticeUntil: '公示至',
    number: '证书编号',
    objectionLastDay: '异议截止',
    occasion: '奖补事项',
    of: '名单来源',
    on: '日期',
    openedOn: '设立日期',
    openQuestions: '待定事项',
    outcome: '测算结果',
    outsideReview: '动态调整之外',
    pack: '政策包',
    parts: '部分',
    partOf: '所属指标',
    payee: '统一社会信用代码',
    payeeName: '企业名称',
    period: '期间',
    place: '公示地点',
    plan: '计划',
    pointer: '指向',
    policy: '政策',
    position: '账本位置',
    preparedOn: '编制日期',
    progress: '进度',
    proof: '办结记录',
    proposedOn: '建议日期',
    published: '公开',
    published_on: '发布日期',
    quarter: '季度',
    quote: '原文',
    rank: '名次',
    ratio: '完成（%）',
    reconciled: '账实相符',
    record: '记录',
    recordedAt: '登记时间',
    recordedOn: '登记日期',
    reference: '银行流水',
    region: '所在区域',
    registered: '在册',
    registrations: '备案记录',
    relation: '关联方式',
    releasedOn: '释放日期',
    repairFrom: '可申请修复日',
    reservedOn: '占用日期',
    result: '回单结果',
    rows: '行',
    returns: '退回次数',
    review: '动态调整',
    revision: '修订号',
    rule: '规则',
    services: '服务内容',
    severity: '轻重',
    size: '规模',
    sourceUnit: '来源单位',
    standing: '在库企业数',
    startsOn: '起始日期',
    state: '状态',
    stated: '文件列明',
    statementLastDay: '陈述申辩截止',
    status: '状态',
    stream: '事件流',
    struckOffOn: '注销日期',
    subject: '对象',
    subscribers: '读模型与流程',
    summary: '摘要',
    survivor: '存续企业',
    terms: '期限',
    through: '统计至',
    tier: '梯队',
    tiers: '梯队',
    title: '名称',
    titles: '称号',
    to: '至',
    toTitle: '调整后',
    tolerance: '容差',
    undetermined: '不能判断数',
    unexpected: '意外支付笔数',
    unit: '单位',
    units: '单位',
    unknown: '不能判断',
    until: '至（不含）',
    validUntil: '有效期至',
    value: '数值',
    verification: '核实状况',
    verifiedOn: '核实日期',
    version: '版本',
    versions: '版本',
    withdrawnOn: '撤销日期',
    withoutRegion: '区域不明',
    year: '年度',
  }),
};

/**
 * Names that mean something else in one part than elsewhere, by the part (or the kind of event it tells of) and their own. A
 * list may say the same of its parts.
 */
const IN_PARTS: Readonly<Record<string, Field>> = named({
  // The line of the document a quote stands in.
  'citation.line': '行号',
  'rows.line': '行号',
  'trace.line': '行号',
  // The line of a payment batch.
  'instalments.line': '行号',
  'lines.line': '行号',
  'order.line': '行号',
  'ordered.line': '行号',
  'batch-results-recorded.line': '行号',
  'batch-unexpected-resolved.line': '行号',
  'instalment-ordered.line': '行号',
  'instalment-order-cancelled.line': '行号',
  'instalment-overpaid.line': '行号',
  'instalment-paid.line': '行号',
  'instalment-returned.line': '行号',
  'overpayment-returned.line': '行号',
  'payment.line': '行号',
  'results.line': '行号',
  'unexpected.line': '行号',
  // A notice hangs out to the end of this day.
  'award-publicised.until': '至',
  'notice.until': '至',
});

/** A kind of event without the version of its form. */
export function kindOfEvent(event: string): string {
  return event.replace(/\.v\d+$/, '');
}

/** The name of a field in a part: of `plan.value`, `value`. */
export function lastName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** What is known of a field by its own name and that of the part it stands in. */
function known(name: string, part: string | undefined, own: Readonly<Record<string, Field>>): Field | undefined {
  const both = `${part ?? ''}.${name}`;
  return own[both] ?? IN_PARTS[both] ?? own[name] ?? FIELDS[name];
}

/** What a field of a part is headed there; a name nobody has given a term stays as it is. */
export function headingIn(part: string | undefined, name: string, own: Readonly<Record<string, Field>> = {}): string {
  return known(name, part, own)?.heading ?? name;
}

/** What a field is headed, each part by its name. */
export function headingOf(path: string, own: Readonly<Record<string, Field>> = {}): string {
  return (
    own[path]?.heading ??
    path
      .split('.')
      .map((name, at, names) => headingIn(names[at - 1], name, own))
      .join('·')
  );
}

export function fieldOf(path: string, own: Readonly<Record<string, Field>> = {}): Field | undefined {
  const [name = '', part] = path.split('.').reverse();
  return own[path] ?? known(name, part, own);
}

/** Whether any part of a field is of the office alone. */
export function isInternal(path: string, own: Readonly<Record<string, Field>> = {}): boolean {
  return path.split('.').some((name) => (own[name] ?? FIELDS[name])?.internal === true);
}

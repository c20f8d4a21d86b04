import type { CaseReceipt } from '@app/blacklist';
import type { Receipt } from '@app/event-store';
import { AGENCY, BAIYUN_ENTERPRISES, type FictionalEnterprise } from './enterprises.js';
import type { Office } from './office.js';

const LADDER = 'baiyun-cultivation';
const REVIEW = `/v1/tier-reviews/${LADDER}/2024`;
const CITY = 'ganzhou-2023';
const TABLE = 'Z29';
/** A row of the city's table of guiding plans. */
export const TABLE_UNIT = '章贡区 (含经开区)';
const evidence = (title: string) => [{ title: `${title}（演示）` }];

/** The parts of the year that are not about money: tiers and their deadline, actual figures, duties, and an agency that cheats. */
export class CultivationYear {
  private case = 0;

  constructor(private readonly office: Office) {}

  /** Three enterprises of the cultivation pool (白云区), and an agency that prepares applications. */
  async january(): Promise<void> {
    const { office } = this;
    for (const [{ code, name }, tier] of BAIYUN_ENTERPRISES) {
      await office.post('clerk', '/v1/enterprises', { creditCode: code, name, region: '贵州省贵阳市白云区' });
      await this.assessed({ code, name }, '2023', tier);
    }
    await office.post('clerk', '/v1/agencies', {
      creditCode: AGENCY.code,
      name: AGENCY.name,
      services: ['高企申报辅导'],
      contactUnit: '区经发局（演示）',
      from: '2024-01-08',
      evidence: evidence('服务机构备案表'),
    });
  }

  /** B13, B04, B05: last year's standing, the yearly review with its reasons, closed before 30 April, and the recommendation. */
  async review(): Promise<void> {
    const { office } = this;
    office.on('2024-04-23');
    const [[rising, risingTo], [standing, standingTo], [falling, fallingTo]] = BAIYUN_ENTERPRISES;
    for (const [enterprise, to] of [
      [rising, 'second'],
      [standing, 'first'],
      [falling, 'first'],
    ] as const)
      await office.post('approver', `/v1/ladders/${LADDER}/enterprises/${enterprise.code}/assign`, {
        to,
        reason: '按2023年评估结果入库',
        override: '2024年度评估尚未完成，先按上年度结果入库，待动态调整核定',
      });
    office.on('2024-04-24');
    await this.assessed(rising, '2024', risingTo);
    await this.assessed(standing, '2024', standingTo);
    await this.assessed(falling, '2024', fallingTo);
    await office.post('clerk', REVIEW);
    await office.post('clerk', `${REVIEW}/propose`, { scope: 'standing' });
    office.on('2024-04-26');
    for (const kind of ['promote', 'demote', 'keep'])
      await office.post('approver', `${REVIEW}/decide-all`, { kind, reason: '同意按评估结果调整' });
    await office.settled();
    await office.post('approver', `${REVIEW}/close`, { evidence: evidence('培育库动态调整会议纪要') });
    office.on('2024-05-10');
    await office.post('approver', `${REVIEW}/recommend`, { reason: '第一梯队企业集中推荐申报' });
  }

  /** The quarter's figure against the city's table, and the quarterly meeting. */
  async quarter(no: 1 | 2 | 3, value: string, on: string, meeting?: string): Promise<void> {
    const { office } = this;
    office.on(on);
    const actuals = `/v1/targets/${CITY}/${TABLE}/actuals`;
    const report = { unit: TABLE_UNIT, period: `2024-Q${no}`, value, sourceUnit: '区统计局（演示）', asOf: on };
    await office.post('clerk', actuals, { ...report, evidence: evidence('统计快报') });
    await office.post('reviewer', `${actuals}/${no}/verify`, { unit: TABLE_UNIT, evidence: evidence('统计台账') });
    if (meeting === undefined) return;
    await office.post('clerk', `/v1/duties/${CITY}/Z24/2024-Q${no}/done`, { on: meeting, evidence: evidence('研发投入调度会议纪要') });
  }

  /** The agency is found to have falsified data: notice, statement, decision; its client's award is put on hold. */
  async agencyListed(award: string): Promise<void> {
    const { office } = this;
    office.on('2024-07-23');
    await office.post('reviewer', `/v1/agencies/${AGENCY.code}/inspections`, {
      on: '2024-07-22',
      inspector: '市市场监管局（演示）',
      finding: 'fraud',
      summary: '代编的研发费用归集表与账簿不符',
      evidence: evidence('监督检查报告'),
    });
    const { case: no } = await office.post<CaseReceipt>('clerk', '/v1/blacklist/cases', {
      kind: 'agency',
      id: AGENCY.code,
      listingClass: 'general',
      ground: '申报数据弄虚作假',
      legalBasis: '《失信行为纠正后的信用信息修复管理办法（试行）》及本区服务机构管理规定（演示）',
      reasons: '代编的研发费用归集表与账簿不符，经核实存在弄虚作假',
      rights: '可在五日内陈述、申辩，可以要求听证',
      servedOn: '2024-07-23',
      evidence: evidence('事先告知书及送达回证'),
    });
    this.case = no;
    office.on('2024-07-26');
    await office.post('reviewer', `${this.casePath}/statement`, { on: '2024-07-26', summary: '承认数据有误，称系员工疏忽' });
    office.on('2024-08-01');
    await office.post('approver', `${this.casePath}/list`, { termMonths: 12, reason: '申辩理由不成立', evidence: evidence('列入决定书') });
    office.on('2024-08-02');
    const reason = '代理机构被列入黑名单，第二阶段拨付前须复核申报材料';
    await office.post('reviewer', `/v1/awards/${encodeURIComponent(award)}/hold`, { reason, listing: `agency.${AGENCY.code}.${no}` });
  }

  private get casePath(): string {
    return `/v1/blacklist/agency/${AGENCY.code}/cases/${this.case}`;
  }

  /** The shortest term served and the wrong put right: the listing ends, and with it the hold of the client's award. */
  async agencyRepaired(): Promise<void> {
    const { office } = this;
    office.on('2024-12-03');
    await office.post('clerk', `${this.casePath}/repair`, {
      on: '2024-12-03',
      corrected: '已重新归集研发费用并更正申报材料',
      duties: '已退回服务费，无其他应履行义务',
      commitment: '2024年11月在“信用中国（演示）”公开承诺',
      evidence: evidence('信用修复申请书'),
    });
    office.on('2024-12-05');
    await office.post('second-approver', `${this.casePath}/repair/decide`, {
      accepted: true,
      reason: '最短期限已满，失信行为已纠正',
      evidence: evidence('信用修复决定书'),
    });
    await office.settled();
  }

  /** G53: the yearly distinction, which shows the duty to hold the selection as done. */
  async distinction({ code }: FictionalEnterprise): Promise<void> {
    await this.office.post('clerk', `/v1/enterprises/${code}/titles`, {
      title: 'advanced-technology',
      year: 2024,
      on: '2024-12-16',
      documentNo: '演示〔2024〕88号',
      evidence: evidence('表彰决定'),
    });
  }

  private async assessed({ code }: FictionalEnterprise, year: string, tier: 'first' | 'second' | 'third'): Promise<void> {
    const value = { first: 'meets', second: 'slightly-short', third: 'far-short' }[tier];
    const before = await this.office.get<{ facts: readonly unknown[] }>(`/v1/enterprises/${code}`);
    await this.office.post<Receipt>('clerk', `/v1/enterprises/${code}/facts`, {
      facts: [
        { name: 'candidate.assessment', value, period: year, sourceUnit: '区科技局（演示）' },
        ...(before.facts.length === 0 ? [{ name: 'candidate.inField', value: true, sourceUnit: '区科技局（演示）' }] : []),
      ],
    });
    const { facts } = await this.office.get<{ facts: readonly { factId: string; verification: string }[] }>(`/v1/enterprises/${code}`);
    for (const { factId } of facts.filter(({ verification }) => verification === 'reported'))
      await this.office.post('reviewer', `/v1/enterprises/${code}/facts/${factId}/verify`, { evidence: evidence('评估表') });
  }
}

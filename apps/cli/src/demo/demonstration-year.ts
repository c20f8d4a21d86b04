import { Tokens } from '@app/http';
import { addDays, type BusinessDate } from '@app/kernel';
import { Subscriptions } from '@app/projections';
import { createLedger } from '../../../api/src/create-ledger.js';
import { ledgerDoor } from '../door.js';
import { CultivationYear } from './cultivation-year.js';
import { AGENCY, ENTERPRISES, type FictionalEnterprise } from './enterprises.js';
import { Office, SimulatedClock } from './office.js';
import { collectReport, type Report } from './report.js';

const PACK = 'ganzhou-etdz-2023';
const LINE = 'hnte-awards';
const IP_LINE = 'ip-awards';
const YEAR = '2024';
const NOTICE_DAYS = 5;
/** Only for the progress bar. */
const EXPECTED_STEPS = 215;

interface Fact {
  readonly name: string;
  readonly value: string | boolean;
  readonly period?: string;
  readonly sourceUnit: string;
}

/** Plays the year in a fresh data folder, through the same routes real people use, with a clock of its own. */
export async function playDemonstrationYear(folder: string): Promise<Report> {
  const clock = new SimulatedClock();
  clock.setDay('2024-01-02');
  // A made-up year belongs into no ledger that the environment may name.
  const ledger = await createLedger({
    dataFolder: folder,
    clock,
    logger: false,
    publishBundledPolicies: true,
    esdb: 'none',
    postgres: 'none',
  });
  const door = ledgerDoor(ledger);
  try {
    const office = await Office.open(door, clock, ledger.app.get(Tokens), () => ledger.app.get(Subscriptions).settled(), EXPECTED_STEPS);
    const year = new Year(office);
    await year.play();
    office.done();
    return await collectReport(office, { pack: PACK, refusals: year.refusals, on: '2024-12-31' });
  } finally {
    await door.close();
  }
}

class Year {
  readonly refusals: { readonly who: string; readonly what: string; readonly code: string; readonly detail: string }[] = [];

  private readonly cultivation: CultivationYear;

  constructor(private readonly office: Office) {
    this.cultivation = new CultivationYear(office);
  }

  async play(): Promise<void> {
    const { cultivation, office } = this;
    const client = `${PACK}.G04.${ENTERPRISES.outOfProvince.code}.once`;
    await this.january();
    await cultivation.january();
    await this.firstCertifications();
    await this.relocations();
    await cultivation.review();
    await cultivation.quarter(1, '2.61', '2024-05-11', '2024-03-28');
    await this.officersDiscretion();
    await this.exhaustedBudget();
    await this.returnedPayment();
    await cultivation.quarter(2, '2.74', '2024-07-22', '2024-06-27');
    await cultivation.agencyListed(client);
    await this.clawback();
    // The meeting of the third quarter is not held: an overdue duty.
    await cultivation.quarter(3, '2.83', '2024-11-21');
    await this.secondStages();
    await cultivation.agencyRepaired();
    await this.pay('2024-12B', '信用修复后补付第二阶段', '2024-12-09');
    await this.lastGrantOfTheYear();
    await cultivation.distinction(ENTERPRISES.aboveScale);
    office.on('2024-12-31');
  }

  /** Budgets are appropriated and the enterprises registered, with the accounts they are paid to. */
  private async january(): Promise<void> {
    const { office } = this;
    office.on('2024-01-05');
    await this.openLine(LINE, '高新技术企业奖补资金（演示）', '4000000.00');
    await this.openLine(IP_LINE, '知识产权示范企业奖励资金（演示）', '600000.00');
    office.on('2024-01-08');
    for (const { code, name } of Object.values(ENTERPRISES)) {
      await office.post('clerk', '/v1/enterprises', { creditCode: code, name, region: '赣州经济技术开发区' });
      await this.record({ code, name }, [
        { name: 'payment.account', value: `演示银行 6200 0000 ${code.slice(-6, -1)}`, sourceUnit: '企业提交' },
      ]);
    }
  }

  /** G01 capped below and above scale, a renewal under G02, and an SME that has not registered. */
  private async firstCertifications(): Promise<void> {
    const { belowScale, aboveScale, renewal, unregisteredSme } = ENTERPRISES;
    this.office.on('2024-03-04');
    await this.certified(belowScale, 'GR202336000101', 'first');
    await this.certified(aboveScale, 'GR202336000102', 'first');
    await this.certified(renewal, 'GR202336000103', 'renewal');
    await this.certified(unregisteredSme, 'GR202336000104', 'first');
    await this.record(belowScale, [this.spend('5000000.00'), this.scale(false), this.sme(true), this.techSme(true)]);
    await this.record(aboveScale, [this.spend('8000000.00'), this.scale(true), this.sme(false)]);
    await this.record(renewal, [this.spend('1500000.00'), this.scale(false)]);
    await this.record(unregisteredSme, [this.spend('3000000.00'), this.scale(false), this.sme(true), this.techSme(false)]);

    const awards = [
      await this.upToNotice(belowScale, 'G01'),
      await this.upToNotice(aboveScale, 'G01'),
      await this.upToNotice(renewal, 'G02', { occasion: 'GR202336000103' }),
    ];
    const refused = await this.apply(unregisteredSme, 'G01');
    const reason = '评估不通过：中小企业未先入库登记为科技型中小企业';
    await this.office.post('reviewer', `${path(refused)}/review`, { recommended: false, reason });
    this.refusals.push({ who: unregisteredSme.name, what: 'G01', code: 'G19', detail: reason });

    this.office.on(addDays('2024-03-04' as BusinessDate, NOTICE_DAYS + 1));
    for (const award of awards) await this.grant(award, LINE);
    await this.pay('2024-Q1', '一季度高企认定奖补', '2024-03-15');
  }

  /** 10万+10万 from within the province, 20万+20万 from outside: the first stages. */
  private async relocations(): Promise<void> {
    const { inProvince, outOfProvince } = ENTERPRISES;
    this.office.on('2024-04-08');
    await this.certified(inProvince, 'GR202136000201', 'first', '2021-09-15', '2024-09-14');
    await this.certified(outOfProvince, 'GR202144000202', 'first', '2021-10-20', '2024-10-19');
    const evidence = [{ title: '迁入登记通知书（演示）' }];
    await this.office.post('clerk', `/v1/enterprises/${inProvince.code}/relocation`, {
      from: '南昌市（演示）',
      origin: 'in-province',
      whole: true,
      on: '2024-03-20',
      evidence,
    });
    await this.office.post('clerk', `/v1/enterprises/${outOfProvince.code}/relocation`, {
      from: '深圳市（演示）',
      origin: 'out-of-province',
      whole: true,
      on: '2024-03-25',
      evidence,
    });
    await this.record(inProvince, [{ name: 'enterprise.registeredInZone', value: true, sourceUnit: '区行政审批局' }]);
    await this.record(outOfProvince, [{ name: 'certificate.filed', value: true, sourceUnit: '省科技厅' }]);
    const awards = [await this.upToNotice(inProvince, 'G03'), await this.upToNotice(outOfProvince, 'G04', { agency: AGENCY.code })];
    this.office.on('2024-04-15');
    for (const award of awards) await this.grant(award, LINE);
    await this.pay('2024-Q2', '二季度迁入奖补第一阶段', '2024-04-22');
  }

  /** G17: an officer sets the sum within the ceiling, with a reason. */
  private async officersDiscretion(): Promise<void> {
    const { starPool } = ENTERPRISES;
    this.office.on('2024-05-13');
    await this.record(starPool, [{ name: 'listing.starPool', value: true, sourceUnit: '区金融服务中心' }]);
    const reason = '已完成股改并进入上市辅导，参照同类企业核定60万元';
    const award = await this.upToNotice(starPool, 'G17', { review: { amount: '600000.00', reason } });
    this.office.on('2024-05-20');
    await this.grant(award, LINE);
    await this.pay('2024-05', '科创板培育奖补', '2024-05-24');
  }

  /** G07: two 5A and 3A enterprises share a line that bears only one of them. */
  private async exhaustedBudget(): Promise<void> {
    const { patentHolder, belowScale } = ENTERPRISES;
    this.office.on('2024-06-03');
    for (const [enterprise, grade] of [
      [patentHolder, '5A'],
      [belowScale, '3A'],
    ] as const) {
      await this.record(enterprise, [{ name: 'ip.grade', value: grade, sourceUnit: '区市监分局' }]);
    }
    await this.certified(patentHolder, 'GR202236000301', 'first', '2022-11-01', '2025-10-31');
    const first = await this.upToNotice(patentHolder, 'G07', { occasion: 'GR202236000301' });
    const second = await this.upToNotice(belowScale, 'G07', { occasion: 'GR202336000101' });
    this.office.on('2024-06-11');
    await this.grant(first, IP_LINE);
    const { code, title } = await this.office.refused('approver', `${path(second)}/grant`, {
      line: IP_LINE,
      period: YEAR,
      documentNo: '演示〔2024〕31号',
    });
    this.refusals.push({ who: belowScale.name, what: 'G07', code, detail: title });
  }

  /** The bank returns a payment; it is paid again in the next batch. */
  private async returnedPayment(): Promise<void> {
    const { newlyListed } = ENTERPRISES;
    this.office.on('2024-07-01');
    await this.record(newlyListed, [
      { name: 'listing.newlyListed', value: true, sourceUnit: '区金融服务中心' },
      { name: 'rd.priorYearExpenditure', value: '12000000.00', period: '2023', sourceUnit: '区统计局' },
    ]);
    const award = await this.upToNotice(newlyListed, 'G18');
    this.office.on('2024-07-08');
    await this.grant(award, LINE);
    await this.pay('2024-07A', '新增上市研发奖励', '2024-07-12', { returned: [newlyListed.code], reason: '收款账户户名不符' });
    this.office.on('2024-07-16');
    await this.record(newlyListed, [{ name: 'payment.account', value: '演示银行 6200 9999 00001', sourceUnit: '企业提交' }]);
    await this.pay('2024-07B', '退回重付', '2024-07-18');
  }

  /** A certificate is revoked after payment: the award is revoked and clawed back in parts. */
  private async clawback(): Promise<void> {
    const { revokedLater } = ENTERPRISES;
    this.office.on('2024-08-05');
    await this.certified(revokedLater, 'GR202336000401', 'renewal');
    await this.record(revokedLater, [this.spend('2600000.00'), this.scale(false)]);
    const award = await this.upToNotice(revokedLater, 'G02', { occasion: 'GR202336000401' });
    this.office.on('2024-08-12');
    await this.grant(award, LINE);
    await this.pay('2024-08', '重新认定奖补', '2024-08-16');
    this.office.on('2024-10-10');
    const reason = '省认定机构取消其高新技术企业资格（演示）';
    const evidence = [{ title: '取消高新技术企业资格公告（演示）' }];
    await this.office.post('clerk', `/v1/enterprises/${revokedLater.code}/certificates/GR202336000401/revoke`, {
      on: '2024-10-08',
      reason,
      evidence,
    });
    await this.office.post('approver', `${path(award)}/revoke`, { cause: 'certificate-revoked', reason });
    await this.office.post('approver', `${path(award)}/clawbacks`, {
      cause: 'certificate-revoked',
      principal: '200000.00',
      dueOn: '2024-12-31',
      reason,
    });
    this.office.on('2024-11-20');
    await this.office.post('finance', `${path(award)}/clawbacks/1/receipts`, {
      amount: '120000.00',
      on: '2024-11-19',
      reference: '演示收据-0001',
    });
  }

  /** The certificates of the relocated enterprises expire and are renewed: the second stages fall due. */
  private async secondStages(): Promise<void> {
    const { inProvince, outOfProvince } = ENTERPRISES;
    this.office.on('2024-11-25');
    for (const [enterprise, clause] of [
      [inProvince, 'G03'],
      [outOfProvince, 'G04'],
    ] as const) {
      await this.record(enterprise, [
        { name: 'recertification.applied', value: true, sourceUnit: '区经发局' },
        ...(clause === 'G03' ? [{ name: 'recertification.recommendedToProvince', value: true, sourceUnit: '市科技局' }] : []),
      ]);
      await this.office.post('clerk', `${path(`${PACK}.${clause}.${enterprise.code}.once`)}/instalments/2/unlock`);
    }
    await this.pay('2024-12', '迁入奖补第二阶段', '2024-12-02');
  }

  /** Granted late in the year and not paid yet: it shows as due, with its age. */
  private async lastGrantOfTheYear(): Promise<void> {
    const { aboveScale } = ENTERPRISES;
    this.office.on('2024-12-10');
    await this.record(aboveScale, [{ name: 'ip.grade', value: '1A', sourceUnit: '区市监分局' }]);
    const award = await this.upToNotice(aboveScale, 'G07', { occasion: 'GR202336000102' });
    this.office.on('2024-12-17');
    await this.grant(award, IP_LINE);
  }

  private async openLine(line: string, title: string, amount: string): Promise<void> {
    await this.office.post('finance', '/v1/budgets', { pack: PACK, line, period: YEAR, title });
    const evidence = [{ title: '年度预算批复（演示）', documentNo: '演示财预〔2024〕1号' }];
    await this.office.post('finance', `/v1/budgets/${PACK}/${line}/${YEAR}/appropriations`, { amount, reason: '年初预算', evidence });
  }

  private async certified(
    { code }: FictionalEnterprise,
    number: string,
    certification: string,
    issuedOn = '2023-11-22',
    expiresOn = '2026-11-21',
  ): Promise<void> {
    await this.office.post('clerk', `/v1/enterprises/${code}/certificates`, {
      number,
      kind: 'hnte',
      certification,
      issuedOn,
      expiresOn,
      issuer: '省高新技术企业认定管理机构（演示）',
      evidence: [{ title: '高新技术企业证书（演示）', documentNo: number }],
    });
  }

  /** The clerk records what a unit reported; the reviewer verifies it. */
  private async record({ code }: FictionalEnterprise, facts: readonly Fact[]): Promise<void> {
    await this.office.post('clerk', `/v1/enterprises/${code}/facts`, { facts });
    const dossier = await this.office.get<{ facts: readonly { factId: string; verification: string }[] }>(`/v1/enterprises/${code}`);
    for (const { factId } of dossier.facts.filter(({ verification }) => verification === 'reported')) {
      await this.office.post('reviewer', `/v1/enterprises/${code}/facts/${factId}/verify`, { evidence: [{ title: '核实记录（演示）' }] });
    }
  }

  private readonly spend = (value: string): Fact => ({ name: 'rd.expenditure', value, period: '2022', sourceUnit: '区税务局' });
  private readonly scale = (value: boolean): Fact => ({ name: 'enterprise.aboveScale', value, sourceUnit: '区统计局' });
  private readonly sme = (value: boolean): Fact => ({ name: 'enterprise.sme', value, sourceUnit: '区经发局' });
  private readonly techSme = (value: boolean): Fact => ({ name: 'enterprise.techSmeRegistered', value, sourceUnit: '区经发局' });

  private async apply({ code }: FictionalEnterprise, clause: string, occasion?: string, agency?: string): Promise<string> {
    const { award } = await this.office.post<{ award: string }>('clerk', '/v1/awards', {
      pack: PACK,
      clause,
      payee: code,
      ...(occasion !== undefined && { occasion }),
      ...(agency !== undefined && { agency }),
    });
    await this.office.post('clerk', `${path(award)}/assess`);
    return award;
  }

  private async upToNotice(
    enterprise: FictionalEnterprise,
    clause: string,
    {
      occasion,
      agency,
      review = {},
    }: { readonly occasion?: string; readonly agency?: string; readonly review?: Readonly<Record<string, unknown>> } = {},
  ): Promise<string> {
    const award = await this.apply(enterprise, clause, occasion, agency);
    await this.office.post('reviewer', `${path(award)}/review`, { recommended: true, ...review });
    await this.office.post('clerk', `${path(award)}/publicise`, { days: NOTICE_DAYS, place: '管委会网站（演示）' });
    return award;
  }

  private async grant(award: string, line: string): Promise<void> {
    const documentNo = `演示〔2024〕${String(10 + this.office.stepsTaken)}号`;
    await this.office.post('approver', `${path(award)}/grant`, { line, period: YEAR, documentNo });
  }

  /** Prepares a batch of everything payable on the line, freezes it and takes in the bank's answer. */
  private async pay(
    batch: string,
    title: string,
    on: string,
    bank: { readonly returned?: readonly string[]; readonly reason?: string } = {},
  ): Promise<void> {
    const { office } = this;
    await office.post('finance', '/v1/payment-batches', { batch, title, filter: { budgetLine: `${PACK}.${LINE}.${YEAR}` } });
    await office.post('finance', `/v1/payment-batches/${batch}/freeze`);
    const { state } = await office.get<{ state: { lines: readonly { line: number; amount: string; payee: string }[] } }>(
      `/v1/payment-batches/${batch}`,
    );
    office.on(on);
    const rows = state.lines.map(({ line, amount, payee }) => {
      const returned = bank.returned?.includes(payee) === true;
      return [batch, line, amount, returned ? '退回' : '成功', on, `演示流水-${batch}-${line}`, returned ? (bank.reason ?? '') : ''].join(
        ',',
      );
    });
    const content = ['批次,序号,金额,结果,日期,流水号,原因', ...rows].join('\n');
    await office.post('finance', `/v1/payment-batches/${batch}/results`, { file: `${batch}.csv`, content });
  }
}

const path = (award: string) => `/v1/awards/${encodeURIComponent(award)}`;

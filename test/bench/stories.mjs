/**
 * What happens beside the common run of awards, and seldom: listings, campaigns, plans, agencies, findings, money that goes
 * astray. A story is told day by day through the ledger's own handlers (desk.mjs); many go on at the same time, and which day
 * each goes on follows from the seed. A history's first cohort sees every story once, so that also a short history holds
 * every kind of event; each later cohort sees one now and then.
 */
import { agencyDecider } from '../../dist/libs/agencies/src/decide.js';
import { agencyStream } from '../../dist/libs/agencies/src/index.js';
import { findingDecider } from '../../dist/libs/audit/src/findings/decide.js';
import { findingId, findingStream } from '../../dist/libs/audit/src/findings/finding.js';
import { awardStream } from '../../dist/libs/awards/src/award.js';
import { awardDecider } from '../../dist/libs/awards/src/decide.js';
import { batchDecider, batchStream } from '../../dist/libs/awards/src/disbursement/batch.js';
import { blacklistDecider } from '../../dist/libs/blacklist/src/decide.js';
import { blacklistStream } from '../../dist/libs/blacklist/src/subject.js';
import { budgetDecider, budgetStream } from '../../dist/libs/budgets/src/index.js';
import { dutyDecider } from '../../dist/libs/calendar/src/decide.js';
import { dutyStream } from '../../dist/libs/calendar/src/duty.js';
import { enterpriseStream } from '../../dist/libs/enterprises/src/index.js';
import { addDays, addYears, sha256, withCheckCharacter } from '../../dist/libs/kernel/src/index.js';
import { ACCOUNT_FACT, policyDecider, policyStream } from '../../dist/libs/policies/src/index.js';
import {
  ADMINISTRATOR,
  APPROVER,
  AUDITOR,
  CLERK,
  FINANCE,
  JUDGE,
  OTHER_APPROVER,
  OTHER_CLERK,
  OTHER_FINANCE,
  REVIEWER,
  THIRD_APPROVER,
} from './people.mjs';

const PACK = 'ganzhou-etdz-2023';
const REGION = '江西省赣州经济技术开发区';
/** How often a later cohort sees a story begin. */
const SHARE = 0.05;
/** No story begins later: each ends while its policies are in force. */
const LAST_BEGINNING = '2025-06-30';
/** About what all of them bring, once each. */
export const EVENTS_OF_ALL = 720;

const document = (title) => [{ title, sha256: sha256(title) }];
const evidence = [{ title: '会议纪要', documentNo: '赣开纪〔2024〕12号', sha256: sha256('会议纪要') }];
const reason = '经会议研究决定';

/** One story as it is told: its day, and what its steps have in common. */
class Telling {
  constructor(desk, random, no, day) {
    Object.assign(this, { desk, random, no, day });
    this.enterprises = 0;
    this.batches = 0;
  }

  /** The day after so many days, and a few more. */
  after(days) {
    this.day = addDays(this.day, days + this.random.below(4));
    return this.day;
  }

  /** A day, unless it is past. */
  on(day) {
    if (day > this.day) this.day = day;
    return this.day;
  }

  run(decider, stream, command, actor, effectiveOn) {
    return this.desk.run(decider, stream, command, actor, this.day, effectiveOn);
  }

  ask(handler, input, actor) {
    return this.desk.ask(handler, input, actor, this.day);
  }

  dossier(code, command, actor = CLERK, effectiveOn) {
    return this.run(this.desk.enterprises, enterpriseStream(code), command, actor, effectiveOn);
  }

  award(id, command, actor) {
    return this.run(awardDecider, awardStream(id), command, actor);
  }

  batch(id, command, actor) {
    return this.run(batchDecider, batchStream(id), command, actor);
  }

  /** Another enterprise of this story. */
  newCode() {
    this.enterprises += 1;
    return withCheckCharacter(`91360704MA${String(this.no * 10 + this.enterprises).padStart(7, '0')}`);
  }

  async register(code = this.newCode()) {
    const name = `赣州第${this.no}-${this.enterprises}新材料有限公司`;
    await this.dossier(code, { type: 'register', creditCode: code, name, region: REGION, registeredOn: '2016-03-08' });
    return code;
  }

  place(ladder, code, action, actor = REVIEWER) {
    const { desk } = this;
    return desk.act((context) => desk.tierChanges.run(ladder, code, { reason, evidence, ...action }, context), actor, this.day);
  }

  /** Facts that a clerk reports and somebody else verifies on the same day. */
  async state(code, facts, effectiveOn) {
    const recorded = facts.map((fact) => ({ sourceUnit: '统计局', evidence: document('情况说明'), ...fact }));
    await this.dossier(code, { type: 'record-facts', facts: recorded }, CLERK, effectiveOn);
    const dossier = await this.desk.dossiers.require(code);
    for (const { factId, verification, correctedBy } of dossier.facts)
      if (verification === 'reported' && correctedBy === undefined)
        await this.dossier(code, { type: 'verify-fact', factId, evidence: document('核实记录') }, JUDGE);
  }

  async payee(...facts) {
    const code = await this.register();
    await this.state(code, [{ name: ACCOUNT_FACT, value: `3601${code.slice(-9, -1)}`, sourceUnit: '财政局' }, ...facts]);
    return code;
  }

  async apply(payee, { clause = 'G13', occasion, ...more } = {}) {
    const application = { pack: PACK, clause, payee, ...(occasion && { occasion }), evidence: document('奖补申请表'), ...more };
    const { award } = await this.ask('apply', { application }, CLERK);
    this.desk.awardsOf.set(payee, new Set([...(this.desk.awardsOf.get(payee) ?? []), award]));
    await this.ask('assess', { award }, CLERK);
    return award;
  }

  async publicise(award) {
    await this.award(award, { type: 'review', recommended: true, unverifiedReason: '以部门共享数据为准' }, REVIEWER);
    await this.award(award, { type: 'publicise', from: this.day, days: 5, minimumDays: 5, place: '区管委会门户网站' }, CLERK);
  }

  async grant(award, actor = APPROVER) {
    await this.line('zone-special', '50000000.00');
    const input = { line: 'zone-special', period: this.year, documentNo: `赣开科〔${this.year}〕特${this.no}号` };
    await this.ask('grant', { award, input }, actor);
  }

  get year() {
    return this.day.slice(0, 4);
  }

  /** A line of this year, opened and filled by whoever needs it first. */
  async line(line, amount, period = this.year) {
    const ref = { pack: PACK, line, period };
    const stream = budgetStream(ref);
    if ((await this.desk.state(budgetDecider, stream)).status !== 'none') return ref;
    await this.run(budgetDecider, stream, { type: 'open', line: ref, title: `${period}年专项资金（${line}）` }, FINANCE);
    if (amount !== undefined) await this.run(budgetDecider, stream, { type: 'appropriate', amount, reason, evidence }, FINANCE);
    return ref;
  }

  /** A batch of instalments at the bank. */
  async order(...instalments) {
    const batch = `S${this.no}-${(this.batches += 1)}`;
    const selection = { instalments: instalments.map((each) => (typeof each === 'string' ? { award: each, instalment: 1 } : each)) };
    await this.ask('prepare', { batch, title: '专项资金批次', selection }, FINANCE);
    return batch;
  }

  async freeze(batch) {
    await this.batch(batch, { type: 'start-freeze' }, FINANCE);
  }

  /** What the bank says of every line of a batch, or of one. */
  async bank(batch, result, only) {
    const { lines = [] } = await this.desk.state(batchDecider, batchStream(batch));
    const results = lines
      .filter(({ line, status }) => status !== 'dropped' && (only === undefined || line === only))
      .map(({ line, amount }) => ({
        line,
        amount,
        result,
        on: this.day,
        reference: `${result === 'paid' ? 'P' : 'R'}${this.day.replaceAll('-', '')}${batch}-${line}`,
        reason: result === 'paid' ? '' : '账号户名不符',
      }));
    const file = `${batch}-${this.day}.csv`;
    await this.batch(batch, { type: 'record-results', file, sha256: sha256(file), results }, FINANCE);
  }
}

/** A project that has landed: what a G13 award rests on. */
const landed = (subject) => ({ name: 'project.landed', value: true, subject });

/** From the payee to the grant of an award of a fixed sum. */
async function* granted(telling, payee, occasion) {
  const award = await telling.apply(payee, { occasion });
  yield telling.after(1);
  await telling.publicise(award);
  yield telling.after(6);
  await telling.grant(award);
  return award;
}

async function* paid(telling, ...instalments) {
  const batch = await telling.order(...instalments);
  await telling.freeze(batch);
  yield telling.after(2);
  await telling.bank(batch, 'paid');
  return batch;
}

/** Applied for in vain, and again, objected to with success, and granted after all, of a lowered amount. */
async function* secondThoughts(telling) {
  const payee = await telling.payee(landed('P1'));
  const award = await telling.apply(payee, { occasion: 'P1' });
  yield telling.after(2);
  await telling.award(award, { type: 'withdraw', reason: '企业申请撤回' }, CLERK);
  yield telling.after(5);
  await telling.apply(payee, { occasion: 'P1' });
  await telling.publicise(award);
  yield telling.after(2);
  await telling.award(award, { type: 'raise-objection', by: '某研究院', reason: '项目落地时间有误' }, OTHER_CLERK);
  yield telling.after(2);
  await telling.award(award, { type: 'decide-objection', objection: 1, upheld: true, reason: '须重新核实', evidence }, JUDGE);
  await telling.ask('assess', { award }, CLERK);
  yield telling.after(1);
  await telling.publicise(award);
  yield telling.after(1);
  const lowered = (amount) => ({ type: 'propose-override', amounts: [amount], reason: '预算不足，按比例调减', evidence });
  await telling.award(award, lowered('4000.00'), APPROVER);
  await telling.award(award, { type: 'drop-override', reason: '比例有误' }, OTHER_APPROVER);
  await telling.award(award, lowered(`${3_000 + telling.random.below(1_000)}.50`), APPROVER);
  yield telling.after(6);
  await telling.grant(award, OTHER_APPROVER);
  yield telling.after(3);
  yield* paid(telling, award);
}

/** The line does not bear it at first. */
async function* emptyLine(telling) {
  const payee = await telling.payee(landed('P1'));
  const award = await telling.apply(payee, { occasion: 'P1' });
  await telling.publicise(award);
  yield telling.after(6);
  const { line, period } = await telling.line(`zone-dry-${telling.no}`);
  const input = { line, period, documentNo: `赣开科〔${period}〕缺${telling.no}号` };
  const refused = await telling.ask('grant', { award, input }, APPROVER).catch(({ code }) => code);
  if (refused !== 'budget-exhausted') throw new Error(`a grant from an empty line was answered ${refused}`);
  yield telling.after(10);
  const appropriation = { type: 'appropriate', amount: '5000.00', reason: '追加', evidence };
  await telling.run(budgetDecider, budgetStream({ pack: PACK, line, period }), appropriation, FINANCE);
  await telling.ask('grant', { award, input }, APPROVER);
}

/** Held while a batch is prepared, which drops it; released and paid later. Another lapses. */
async function* heldBack(telling) {
  const payee = await telling.payee(landed('P1'), landed('P2'), landed('P3'));
  const awards = [];
  for (const occasion of ['P1', 'P2', 'P3']) awards.push(yield* granted(telling, payee, occasion));
  const [first, second, third] = awards;
  const batch = await telling.order(first, second);
  await telling.award(first, { type: 'hold', reason: '举报待核实', evidence }, OTHER_APPROVER);
  await telling.freeze(batch);
  await telling.award(third, { type: 'lapse', reason: '企业放弃', evidence }, APPROVER);
  yield telling.after(3);
  await telling.bank(batch, 'paid');
  yield telling.after(9);
  await telling.award(first, { type: 'release-hold', reason: '举报不实', evidence }, OTHER_APPROVER);
  yield* paid(telling, first);
}

/** Paid, returned by the bank days later, and paid again. */
async function* cameBack(telling) {
  const award = yield* granted(telling, await telling.payee(landed('P1')), 'P1');
  yield telling.after(2);
  const batch = yield* paid(telling, award);
  yield telling.after(4);
  await telling.bank(batch, 'returned');
  yield telling.after(6);
  yield* paid(telling, award);
}

/** A batch is taken back, and the bank has paid it all the same: one award twice, one twice and returned, one not at all. */
async function* paidTwice(telling) {
  const payee = await telling.payee(landed('P1'), landed('P2'), landed('P3'));
  const awards = [];
  for (const occasion of ['P1', 'P2', 'P3']) awards.push(yield* granted(telling, payee, occasion));
  const first = await telling.order(...awards);
  await telling.freeze(first);
  yield telling.after(2);
  await telling.batch(first, { type: 'cancel', reason: '银行未收到' }, OTHER_FINANCE);
  yield telling.after(2);
  yield* paid(telling, awards[0], awards[1]);
  yield telling.after(3);
  await telling.bank(first, 'paid');
  yield telling.after(3);
  const resolve = (line, outcome) => ({
    type: 'resolve-unexpected',
    line,
    outcome,
    reason: '经向银行核实',
    evidence: document('银行函件'),
  });
  await telling.batch(first, resolve(1, 'accepted'), FINANCE);
  await telling.batch(first, resolve(2, 'accepted'), FINANCE);
  await telling.batch(first, resolve(3, 'not-made'), FINANCE);
  yield telling.after(4);
  await telling.bank(first, 'returned', 2);
  yield* paid(telling, awards[2]);
  const demand = {
    type: 'demand-clawback',
    cause: 'overpayment',
    principal: '5000.00',
    dueOn: addDays(telling.day, 30),
    reason: '重复拨付',
  };
  await telling.award(awards[0], demand, APPROVER);
  yield telling.after(20);
  const receipt = { type: 'receive-clawback', clawback: 1, amount: '4000.00', on: telling.day, reference: `SK-S${telling.no}` };
  await telling.award(awards[0], receipt, FINANCE);
  yield telling.after(40);
  await telling.award(
    awards[0],
    { type: 'write-off-clawback', clawback: 1, amount: '1000.00', reason: '企业已注销', evidence },
    OTHER_APPROVER,
  );
}

/** Two mergers in a row: the award goes to whoever is left, once an approver has confirmed it. */
async function* mergedAway(telling) {
  const gone = await telling.payee(landed('P1'));
  const between = await telling.payee();
  const survivor = await telling.payee();
  const award = yield* granted(telling, gone, 'P1');
  await telling.place('ganzhou-etdz-cultivation', gone, { type: 'assign', to: 'cultivation-pool' });
  yield telling.after(10);
  const merger = { type: 'merge', survivorStatus: 'registered', reason: '吸收合并', evidence: document('合并协议') };
  await telling.dossier(between, { type: 'announce-absorption', creditCode: gone });
  await telling.dossier(gone, { ...merger, survivor: between });
  yield telling.after(20);
  await telling.dossier(survivor, { type: 'announce-absorption', creditCode: between });
  await telling.dossier(between, { ...merger, survivor });
  yield telling.after(5);
  await telling.award(award, { type: 'confirm-payee', payee: survivor, reason: '承继权利义务', evidence }, THIRD_APPROVER);
  yield* paid(telling, award);
}

/** A move from outside the province, paid in two stages; another enterprise is gone again before the second. */
async function* movedIn(telling) {
  const codes = [await telling.payee(), await telling.payee()];
  const awards = [];
  const [from, origin] = ['广东省东莞市', 'out-of-province'];
  for (const code of codes) {
    const expiresOn = addDays(telling.day, 60 + telling.random.below(30));
    const certificate = { kind: 'hnte', certification: 'first', issuer: '广东省科学技术厅', issuedOn: addYears(expiresOn, -3), expiresOn };
    const number = `GR${code.slice(-8, -1)}44`;
    const papers = { evidence: document('高新技术企业证书') };
    await telling.dossier(code, {
      type: 'record-certificate',
      number,
      ...certificate,
      issuedOn: addDays(certificate.issuedOn, 9),
      ...papers,
    });
    await telling.dossier(code, { type: 'record-certificate', number, ...certificate, corrects: true, ...papers });
    const move = { type: 'record-relocation', from, origin, on: addDays(telling.day, -40), evidence: document('迁移登记通知书') };
    await telling.dossier(code, { ...move, whole: false });
    await telling.dossier(code, { ...move, whole: true, corrects: true });
    await telling.state(code, [{ name: 'certificate.filed', value: true }]);
    const award = await telling.apply(code, { clause: 'G04' });
    yield telling.after(1);
    await telling.publicise(award);
    awards.push(award);
  }
  yield telling.after(6);
  for (const award of awards) await telling.grant(award);
  yield* paid(telling, ...awards);
  yield telling.after(120);
  const [stays, leaves] = codes;
  await telling.state(stays, [{ name: 'recertification.applied', value: true }]);
  const [first, second] = awards;
  await telling.ask('unlock', { award: first, no: 2, evidence }, OTHER_CLERK);
  await telling.dossier(leaves, { type: 'record-departure', on: addDays(telling.day, -12), evidence: document('迁出登记') });
  await telling.award(second, { type: 'revoke', cause: 'condition-broken', reason: '期内迁出', evidence }, APPROVER);
  const demand = {
    type: 'demand-clawback',
    cause: 'condition-broken',
    principal: '200000.00',
    dueOn: addDays(telling.day, 30),
    reason: '期内迁出',
  };
  await telling.award(second, demand, APPROVER);
  yield telling.after(3);
  yield* paid(telling, { award: first, instalment: 2 });
}

/** What is known of an enterprise changes, also for days that are past. */
async function* putRight(telling) {
  const code = await telling.payee({ name: 'enterprise.aboveScale', value: false }, landed('P1'));
  const award = await telling.apply(code, { occasion: 'P1' });
  yield telling.after(5);
  const dossier = await telling.desk.dossiers.require(code);
  const { factId } = dossier.facts.find(({ name }) => name === 'enterprise.aboveScale');
  await telling.dossier(code, { type: 'dispute-fact', factId, reason: '与统计数据不一致' }, AUDITOR);
  yield telling.after(4);
  await telling.state(code, [{ name: 'enterprise.aboveScale', value: true, correctsFactId: factId }], addDays(telling.day, -200));
  await telling.state(code, [{ name: ACCOUNT_FACT, value: `3602${telling.no}`, sourceUnit: '财政局' }], addDays(telling.day, -20));
  await telling.dossier(code, { type: 'rename', name: `赣州第${telling.no}高新材料有限公司`, evidence }, CLERK, addDays(telling.day, -90));
  await telling.award(award, { type: 'review', recommended: false, reason: '材料不实' }, REVIEWER);
  const number = `GR${code.slice(-8, -1)}72`;
  const issuedOn = addDays(telling.day, -400);
  const certificate = { kind: 'hnte', certification: 'renewal', issuedOn, expiresOn: addYears(issuedOn, 3), issuer: '江西省科学技术厅' };
  await telling.dossier(code, { type: 'record-certificate', number, ...certificate, evidence: document('高新技术企业证书') });
  yield telling.after(8);
  const year = Number(telling.year);
  const on = telling.day;
  await telling.dossier(code, {
    type: 'award-title',
    title: 'ip-benchmark',
    grade: '2A',
    year,
    on,
    documentNo: `赣开〔${year}〕评9号`,
    evidence,
  });
  await telling.dossier(code, { type: 'award-title', title: 'pacesetter', year, on, documentNo: `江科〔${year}〕评3号`, evidence });
  const clearance = {
    type: 'record-clearance',
    clearance: 'tax',
    agency: '区税务局',
    on,
    documentNo: `税核〔${year}〕${telling.no}号`,
    evidence,
  };
  await telling.dossier(code, { ...clearance, finding: 'adverse', note: '有欠税' });
  yield telling.after(30);
  await telling.dossier(code, { ...clearance, finding: 'clear', on: telling.day });
  const revocation = { type: 'revoke-certificate', number, on: addDays(telling.day, -25), reason: '高企资格被取消' };
  await telling.dossier(code, { ...revocation, evidence: document('取消资格公告') });
  await telling.dossier(code, { type: 'withdraw-title', title: 'ip-benchmark', year, on: telling.day, reason: '弄虚作假', evidence });
}

const noticeOf = (subject, day, ground) => ({
  type: 'open-case',
  subject,
  listingClass: 'general',
  ground,
  legalBasis: '《江西省公共信用信息条例》',
  reasons: '提供虚假申报材料',
  rights: '可在五日内陈述申辩',
  servedOn: day,
  evidence: document('事先告知书'),
});

/** Listed, which holds what is due; objected to in vain; repaired at the second attempt, after which it is paid. */
async function* listed(telling) {
  const payee = await telling.payee(landed('P1'));
  const award = yield* granted(telling, payee, 'P1');
  const stream = blacklistStream({ kind: 'enterprise', id: payee });
  const tell = (command, actor) => telling.run(blacklistDecider, stream, { case: 1, evidence, ...command }, actor);
  await tell(noticeOf({ kind: 'enterprise', id: payee }, telling.day, '虚报研发投入'), OTHER_CLERK);
  yield telling.after(2);
  await tell({ type: 'record-statement', on: telling.day, summary: '企业称系笔误' }, OTHER_CLERK);
  yield telling.after(3);
  await tell({ type: 'list', termMonths: 12, reason: '查证属实' }, OTHER_APPROVER);
  yield telling.after(15);
  await tell({ type: 'object', on: telling.day, reasons: '认定事实不清' }, OTHER_CLERK);
  yield telling.after(15);
  await tell({ type: 'decide-objection', objection: 1, upheld: false, reason: '维持' }, THIRD_APPROVER);
  for (const accepted of [false, true]) {
    yield telling.after(accepted ? 20 : 70);
    const claims = { corrected: '已更正申报', duties: '已履行', commitment: '承诺守信' };
    await tell({ type: 'apply-for-repair', on: telling.day, ...claims }, OTHER_CLERK);
    yield telling.after(6);
    await tell({ type: 'decide-repair', accepted, reason: accepted ? '符合修复条件' : '材料不全' }, OTHER_APPROVER);
  }
  yield telling.after(2);
  yield* paid(telling, award);
}

/** An agency that is registered, inspected, listed and struck off, a person beside it, and the award both had a hand in. */
async function* agencyListed(telling) {
  const agency = telling.newCode();
  const stream = agencyStream(agency);
  const tell = (command) => telling.run(agencyDecider, stream, { evidence: document('备案表'), ...command }, OTHER_CLERK);
  const registration = {
    creditCode: agency,
    name: `赣州第${telling.no}科技服务有限公司`,
    services: ['高企申报'],
    contactUnit: '科技创新局',
  };
  await tell({ type: 'register', ...registration, from: telling.day, validUntil: addDays(telling.day, 90) });
  const person = `P-2024-${telling.no % 1_000_000}`;
  const payee = await telling.payee(landed('P1'));
  await telling.apply(payee, { occasion: 'P1', agency, persons: [person] });
  yield telling.after(20);
  await tell({ type: 'renew', validUntil: addDays(telling.day, 700) });
  await tell({ type: 'rename', name: `赣州第${telling.no}创新服务有限公司`, on: telling.day });
  yield telling.after(20);
  await tell({ type: 'record-inspection', on: telling.day, inspector: '科技创新局', finding: 'irregular', summary: '代编材料' });
  const subjects = [
    { kind: 'agency', id: agency },
    { kind: 'person', id: person },
  ];
  for (const subject of subjects)
    await telling.run(blacklistDecider, blacklistStream(subject), noticeOf(subject, telling.day, '代编虚假材料'), OTHER_CLERK);
  const [asAgency, asPerson] = subjects.map(blacklistStream);
  yield telling.after(3);
  await telling.run(blacklistDecider, asAgency, { type: 'waive-statement', case: 1, on: telling.day, evidence }, OTHER_CLERK);
  await telling.run(blacklistDecider, asAgency, { type: 'list', case: 1, termMonths: 6, reason, evidence }, OTHER_APPROVER);
  yield telling.after(6);
  await telling.run(blacklistDecider, asPerson, { type: 'decline', case: 1, reason: '情节轻微', evidence }, OTHER_APPROVER);
  await telling.run(agencyDecider, stream, { type: 'strike-off', reason: '弄虚作假', evidence }, APPROVER);
  yield telling.after(20);
  await telling.run(
    blacklistDecider,
    asAgency,
    { type: 'object', case: 1, on: telling.day, reasons: '非本机构所为', evidence },
    OTHER_CLERK,
  );
  yield telling.after(8);
  const upheld = { type: 'decide-objection', case: 1, objection: 1, upheld: true, reason: '认定有误', evidence };
  await telling.run(blacklistDecider, asAgency, upheld, THIRD_APPROVER);
  await tell({ type: 'register', ...registration, from: telling.day });
}

/** Money moved between lines within the year, and what is left of it carried into the next. */
async function* movedMoney(telling) {
  const [from, to] = [await telling.line(`zone-from-${telling.no}`, '300000.00'), await telling.line(`zone-to-${telling.no}`)];
  const tell = (line, command) => telling.run(budgetDecider, budgetStream(line), { reason, evidence, ...command }, FINANCE);
  yield telling.after(9);
  await tell(from, { type: 'adjust', amount: '-20000.00' });
  await tell(to, { type: 'adjust', amount: '1500.00' });
  const transfer = `T-${telling.no}`;
  await tell(from, { type: 'transfer-out', transfer, to, amount: `${10_000 + telling.random.below(90_000)}.00`, targetStatus: 'open' });
  yield telling.on(`${Number(telling.year) + 1}-01-05`);
  yield telling.after(2);
  const next = await telling.line(from.line);
  for (const line of [from, to]) await tell(line, { type: 'close', to: next, targetStatus: 'open' });
}

/** A plan, a baseline and figures of a unit, some put right and some verified. */
async function* targets(telling) {
  const [grown, shared] = ['Z06', 'Z34'].map((clause) => ({ pack: 'ganzhou-2023', clause, unit: `第${telling.no}科研院所` }));
  const tell = (target, command, actor = CLERK) => telling.ask('target', { target, command: { evidence, ...command } }, actor);
  const year = Number(telling.year);
  await tell(shared, { type: 'set-plan', year: 2024, value: '1.2', document: '年度计划' });
  await tell(shared, { type: 'set-plan', year: 2024, value: '1.5', document: '调整后的年度计划', corrects: 1 });
  await tell(grown, { type: 'report-baseline', value: '12.50', sourceUnit: '统计局', asOf: telling.day });
  const figure = { type: 'report-actual', period: String(year - 1), sourceUnit: '统计局' };
  await tell(grown, { ...figure, value: `${telling.random.below(30)}.4`, asOf: telling.day });
  yield telling.after(20);
  await tell(grown, { type: 'verify-actual', report: 1 }, REVIEWER);
  await tell(grown, { ...figure, value: '21.7', asOf: telling.day, corrects: 1 });
  await tell(grown, { type: 'report-baseline', value: '12.75', sourceUnit: '统计局', asOf: telling.day, corrects: 1 });
}

/** The quarter's meeting and the year's, reported as held; one report is not believed at first. */
async function* duties(telling) {
  const quarter = Math.ceil(Number(telling.day.slice(5, 7)) / 3);
  const meeting = { pack: 'ganzhou-2023', clause: 'Z24', period: `${telling.year}-Q${quarter}` };
  const { status, past } = await telling.desk.state(dutyDecider, dutyStream(meeting));
  if (status === 'done' || past.length > 0) return;
  const held = { type: 'do', on: telling.day, note: '已召开', evidence: document('会议通知') };
  await telling.ask('duty', { duty: meeting, command: held }, CLERK);
  yield telling.after(5);
  await telling.ask('duty', { duty: meeting, command: { type: 'reopen', reason: '未见会议记录' } }, AUDITOR);
  yield telling.after(5);
  await telling.ask('duty', { duty: meeting, command: { ...held, evidence } }, CLERK);
  // Once more from somebody who did not know: it changes nothing, and is noted.
  await telling.ask('duty', { duty: meeting, command: { ...held, evidence } }, OTHER_CLERK);
}

/** A year's review of a ladder: moves by hand, proposals, decisions of which one cannot be carried out, recommendations. */
async function* campaign(telling, { ladder, higher, ending }) {
  const year = Number(telling.year);
  const { desk } = telling;
  if (desk.placed.has(ladder)) return;
  const members = {};
  for (const name of ['rises', 'moves', 'leaves', 'stays']) {
    const code = (members[name] = await telling.register());
    const number = `GR${code.slice(-8, -1)}36`;
    const certificate = {
      kind: 'hnte',
      certification: 'first',
      issuedOn: addDays(telling.day, -90),
      expiresOn: addDays(telling.day, 1_004),
    };
    await telling.dossier(code, { type: 'record-certificate', number, ...certificate, issuer: '科学技术厅', evidence: document('证书') });
    await telling.state(code, [{ name: 'enterprise.techSmeRegistered', value: true }]);
  }
  desk.placed.set(ladder, Object.values(members));
  const change = (code, action, actor) => telling.place(ladder, code, action, actor);
  await change(members.rises, { type: 'assign', to: 'tech-sme' });
  await change(members.moves, { type: 'assign', to: 'tech-sme' });
  await change(members.leaves, { type: 'assign', to: higher });
  await change(members.stays, { type: 'assign', to: 'high-tech' });
  yield telling.after(10);
  await change(members.leaves, { type: 'demote', to: 'tech-sme' });
  const review = (action, actor = APPROVER) => telling.ask('review', { ladder, year, action: { evidence, ...action } }, actor);
  await review({ type: 'open' }, REVIEWER);
  yield telling.after(5);
  await telling.ask('propose', { ladder, year, options: { scope: 'standing' } }, REVIEWER);
  yield telling.after(5);
  await change(members.moves, { type: 'promote', to: 'high-tech' });
  const choice = (creditCode, to) => ({ creditCode, to, override: '经会议研究' });
  await review({
    type: 'decide',
    reason,
    choices: [choice(members.rises, higher), choice(members.moves, higher), choice(members.leaves, null)],
  });
  yield telling.after(4);
  const clearances = [
    ['quality', '区市场监督管理局'],
    ['environment', '区生态环境局'],
    ['safety', '区应急管理局'],
    ['tax', '区税务局'],
    ['material', '区科技局'],
  ];
  for (const [clearance, agency] of clearances) {
    const clear = { clearance, agency, finding: 'clear', on: telling.day, documentNo: `核〔${year}〕1号`, evidence };
    await telling.dossier(members.stays, { type: 'record-clearance', ...clear });
  }
  const options = { tier: 'high-tech', enterprises: [members.stays, members.rises], reason, evidence };
  await telling.ask('recommend', { ladder, year, options }, APPROVER);
  await change(members.rises, { type: 'remove' }, APPROVER);
  if (ending === 'lapse') {
    // The policy ends with the year 2024, and with it the power to decide.
    yield telling.on('2025-01-06');
    await review({ type: 'lapse', reason: '文件已到期' });
    return;
  }
  await review({ type: 'decide', reason, choices: [choice(members.moves, 'high-tech'), choice(members.stays, 'high-tech')] });
  yield telling.after(8);
  await review({ type: 'close' });
}

/** A subsidiary that a clause places in a ladder by itself. */
async function* entersDirectly(telling) {
  const code = await telling.register();
  const names = ['subsidiary.ofOutsideHnte', 'subsidiary.independentLegalPerson', 'subsidiary.rdProduction'];
  await telling.state(
    code,
    names.map((name) => ({ name, value: true })),
  );
  yield telling.after(3);
  await telling.place('ganzhou-etdz-cultivation', code, { type: 'enter', clause: 'G05' });
}

/** Texts change: a question is settled, a draft comes into force and is repealed again, another has run its term. */
async function* texts(telling) {
  const { desk } = telling;
  const tell = async (pack, command) => {
    await telling.run(policyDecider, policyStream(pack), command, ADMINISTRATOR);
    await desk.policies.noteChange(pack);
  };
  await tell('ganzhou-2023', { type: 'settle', interpretation: 'share-rises', chosen: 'over-2022', reason: '经请示，以2022年为基期' });
  yield telling.after(30);
  const draft = desk.packs.find(({ id }) => id === 'jiangmen-2021');
  const from = addDays(telling.day, 20);
  await tell('jiangmen-2021', {
    type: 'amend',
    pack: { ...draft, status: 'in-force', force: { from, until: null, note: '正式印发' } },
    reason: '征求意见后正式印发',
    evidence,
  });
  yield telling.on('2024-12-30');
  await tell('haimen-2022', { type: 'expire', on: '2025-01-01', reason: '有效期满', evidence });
  yield telling.after(60);
  await tell('jiangmen-2021', { type: 'repeal', on: telling.day, reason: '另行制定', evidence });
}

/** An auditor takes something down, has it answered, resolves it and looks again. */
async function* finding(telling) {
  const payee = await telling.payee(landed('P1'));
  const award = await telling.apply(payee, { occasion: 'P1' });
  const id = findingId('manual', String(telling.no));
  const pointer = { stream: awardStream(award), revision: 0 };
  const opened = {
    code: 'manual',
    severity: 'medium',
    title: '项目落地存疑',
    rule: '第五条',
    detail: '现场未见设备',
    officers: [CLERK.id],
  };
  const told = { officers: [CLERK.id], openedOn: evidence, unrecorded: { ...opened, pointer, award, enterprise: payee } };
  const tell = (action, actor = AUDITOR) => telling.run(findingDecider, findingStream(id), { ...told, action }, actor);
  await tell({ type: 'open' });
  yield telling.after(2);
  await tell({ type: 'assign', to: REVIEWER.id });
  yield telling.after(3);
  await tell({ type: 'comment', text: '设备在途，附运单', evidence: document('运单') }, REVIEWER);
  yield telling.after(3);
  await tell({ type: 'resolve', outcome: 'unfounded', reason: '运单属实' });
  yield telling.after(9);
  await tell({ type: 'reopen', reason: '设备未到' });
  await telling.award(award, { type: 'withdraw', reason: '企业申请撤回' }, CLERK);
  yield telling.after(4);
  const correction = { stream: awardStream(award), revision: 2 };
  await tell({ type: 'resolve', outcome: 'corrected', reason: '已撤回申请', correction, evidence });
}

/** What nobody may do at this moment. */
const REFUSALS = new Set(['refused', 'not-found', 'invalid', 'forbidden']);

/** Officers who do what comes to their minds with two enterprises and their awards; the rules refuse what is out of place. */
async function* muddle(telling) {
  const { random, desk } = telling;
  const pick = (items) => items[random.below(items.length)];
  const occasions = ['P1', 'P2', 'P3'];
  const codes = [];
  for (let count = 0; count < 2; count += 1) codes.push(await telling.payee(...occasions.map(landed)));
  const awards = [];
  for (const occasion of occasions.slice(0, 2)) awards.push(yield* granted(telling, codes[0], occasion));
  const batches = [await telling.order(...awards)];
  await telling.freeze(batches[0]);
  const earlier = () => addDays(telling.day, -random.below(300));
  const factOf = async (code) => pick((await desk.dossiers.require(code)).facts.toArray());
  const listing = (code) => blacklistStream({ kind: 'enterprise', id: code });
  const onList = (command, actor) => telling.run(blacklistDecider, listing(codes[0]), { evidence, reason, ...command }, actor);
  const aFact = (more) => ({ name: 'enterprise.aboveScale', value: random.chance(0.5), sourceUnit: '统计局', evidence, ...more });
  const deeds = [
    (code) => telling.dossier(code, { type: 'record-facts', facts: [aFact({ period: earlier() })] }, CLERK, earlier()),
    (code) => telling.dossier(code, { type: 'record-facts', facts: [aFact()] }, CLERK, earlier()),
    async (code) => {
      const { name, value, period, subject, factId } = await factOf(code);
      const corrected = {
        name,
        value,
        sourceUnit: '税务局',
        correctsFactId: factId,
        evidence,
        ...(period && { period }),
        ...(subject && { subject }),
      };
      await telling.dossier(code, { type: 'record-facts', facts: [corrected] }, CLERK, earlier());
    },
    async (code) =>
      telling.dossier(code, { type: 'dispute-fact', factId: (await factOf(code)).factId, reason: pick(['存疑', '有误']) }, AUDITOR),
    async (code) => telling.dossier(code, { type: 'verify-fact', factId: (await factOf(code)).factId, evidence }, JUDGE),
    (code) => telling.dossier(code, { type: 'rename', name: `赣州${random.below(99)}号工厂`, evidence }, CLERK, earlier()),
    (code) =>
      telling.dossier(code, { type: 'record-relocation', from: '湖南省', origin: 'out-of-province', whole: true, on: earlier(), evidence }),
    (code) => telling.dossier(code, { type: 'record-departure', on: earlier(), evidence }),
    async () => awards.push(await telling.apply(pick(codes), { occasion: pick(occasions) })),
    () => telling.award(pick(awards), { type: 'hold', reason: pick(['举报', '核查']), evidence }, OTHER_APPROVER),
    () => telling.award(pick(awards), { type: 'release-hold', reason }, OTHER_APPROVER),
    () => random.chance(0.2) && telling.award(pick(awards), { type: 'lapse', reason, evidence }, APPROVER),
    () => telling.publicise(pick(awards)),
    () => telling.grant(pick(awards)),
    async () => {
      batches.push(await telling.order(pick(awards)));
      if (random.chance(0.8)) await telling.freeze(batches.at(-1));
    },
    () => telling.bank(pick(batches), pick(['paid', 'paid', 'returned'])),
    () => telling.bank(pick(batches), pick(['paid', 'returned'])),
    () => telling.batch(pick(batches), { type: 'cancel', reason }, OTHER_FINANCE),
    () => {
      const resolution = { type: 'resolve-unexpected', line: 1, outcome: pick(['accepted', 'not-made']), reason, evidence };
      return telling.batch(pick(batches), resolution, pick([FINANCE, OTHER_FINANCE]));
    },
    () => {
      const demand = {
        cause: pick(['fraud', 'overpayment']),
        principal: pick(['5000.00', '1200.00']),
        dueOn: addDays(telling.day, 30),
        reason,
      };
      return telling.award(pick(awards), { type: 'demand-clawback', ...demand }, APPROVER);
    },
    () => {
      const receipt = { clawback: 1, amount: '1200.00', on: telling.day, reference: `SK-M${telling.no}-${random.below(9)}` };
      return telling.award(pick(awards), { type: 'receive-clawback', ...receipt }, FINANCE);
    },
    () => onList(noticeOf({ kind: 'enterprise', id: codes[0] }, telling.day, '虚报研发投入'), OTHER_CLERK),
    () => onList({ type: 'list', case: 1, termMonths: 3 }, OTHER_APPROVER),
    () => onList({ type: 'object', case: 1, on: telling.day, reasons: '有误' }, OTHER_CLERK),
    () => onList({ type: 'decide-objection', case: 1, objection: 1, upheld: random.chance(0.5) }, THIRD_APPROVER),
    () =>
      random.chance(0.3) &&
      telling.dossier(codes[0], { type: 'merge', survivor: codes[1], survivorStatus: 'registered', reason, evidence }),
    () => telling.award(pick(awards), { type: 'confirm-payee', payee: codes[1], reason, evidence }, THIRD_APPROVER),
  ];
  for (let count = 0; count < 60; count += 1) {
    try {
      await pick(deeds)(pick(codes));
    } catch (problem) {
      if (!REFUSALS.has(problem.kind)) throw problem;
    }
    if (random.chance(0.4)) yield telling.after(1);
  }
}

const STORIES = [
  muddle,
  secondThoughts,
  emptyLine,
  heldBack,
  cameBack,
  paidTwice,
  mergedAway,
  movedIn,
  putRight,
  listed,
  agencyListed,
  movedMoney,
  targets,
  duties,
  entersDirectly,
  finding,
];
/** What a ledger sees once. */
const ONCE = [
  (telling) => campaign(telling, { ladder: 'haimen-cultivation', higher: 'rising', ending: 'lapse' }),
  (telling) => campaign(telling, { ladder: 'ganzhou-etdz-echelon', higher: 'high-growth', ending: 'close' }),
  texts,
];

/** Tells stories side by side, each going on when its day has come. */
export class Stories {
  running = [];
  begun = 0;

  constructor(desk, random) {
    Object.assign(this, { desk, random });
  }

  /** What a cohort sees begin, in the days after it. */
  begin(cohort, day) {
    if (day > LAST_BEGINNING) return;
    const chosen = cohort === 0 ? [...STORIES, muddle, muddle, ...ONCE] : STORIES.filter(() => this.random.chance(SHARE));
    for (const story of chosen) {
      const due = addDays(day, this.random.below(15));
      this.begun += 1;
      this.running.push({ due, story: story(new Telling(this.desk, this.random, this.begun, due)) });
    }
  }

  /** Goes on with every story until the day, in the order of their days. */
  async until(day) {
    for (;;) {
      const next = this.running.reduce((first, one) => (first === undefined || one.due < first.due ? one : first), undefined);
      if (next === undefined || next.due > day) return;
      const { done, value } = await next.story.next();
      if (done) this.running.splice(this.running.indexOf(next), 1);
      else next.due = value;
    }
  }

  /** Tells every story to its end. */
  rest() {
    return this.until('9999-12-31');
  }
}

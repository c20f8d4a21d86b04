/**
 * Writes a consistent history of any length through the event store's port: enterprises with their facts, awards from
 * application to payment or clawback, budget lines and payment batches over three years. Every event is decided by the
 * ledger's own deciders, so that whatever a rule forbids cannot be in it. The same seed gives the same history.
 *
 * Streaming: cohorts of enterprises follow each other; only the present cohort and the lines of the present year are held.
 *
 *   node test/bench/history.mjs FILE EVENTS [SEED]      writes a ledger file
 */
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { EVENT_DEFINITIONS } from '../../dist/apps/api/src/ledger.module.js';
import { awardId, awardStream } from '../../dist/libs/awards/src/award.js';
import { awardDecider } from '../../dist/libs/awards/src/decide.js';
import { batchDecider, batchStream } from '../../dist/libs/awards/src/disbursement/batch.js';
import { budgetDecider, budgetStream } from '../../dist/libs/budgets/src/index.js';
import { enterpriseDecider, enterpriseStream, vocabularyOf } from '../../dist/libs/enterprises/src/index.js';
import { resolveInputs } from '../../dist/libs/enterprises/src/resolve-inputs.js';
import { EventCodec, eventId, NO_STREAM, SqliteEventStore } from '../../dist/libs/event-store/src/index.js';
import { addDays, derivedId, sha256, withCheckCharacter } from '../../dist/libs/kernel/src/index.js';
import { reactionContext } from '../../dist/libs/projections/src/index.js';
import { ACCOUNT_FACT, assess, bundledPacks, inputsOf, laddersOf, packHash, policyDecider } from '../../dist/libs/policies/src/index.js';
import { Desk } from './desk.mjs';
import { APPROVER, CLERK, FINANCE, JUDGE, LEDGER, REVIEWER } from './people.mjs';
import { EVENTS_OF_ALL, Stories } from './stories.mjs';

const PACK = 'ganzhou-etdz-2023';
const CLAUSE = 'G01';
const FIRST_DAY = '2023-07-03';
/** Days between the first cohort and the last, all of them while the policy is in force. */
const SPAN_DAYS = 1_000;
const COHORT = 200;
const ZONES = 16;
/** About what one enterprise brings with its award; only how the cohorts are spread over the days depends on it. */
const EVENTS_AN_ENTERPRISE = 21;
const FLUSH_EVENTS = 2_000;

/** A small seeded generator (mulberry32); Math.random cannot be repeated. */
function randomOf(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { below: (bound) => Math.floor(next() * bound), chance: (share) => next() < share };
}

/** Decides commands on streams it keeps in memory and appends what follows in large groups. */
class Author {
  states = new Map();
  pending = new Map();
  pendingEvents = 0;
  written = 0;
  commands = 0;
  instant = 0;

  constructor(store, seed) {
    this.store = store;
    this.seed = seed;
  }

  /**
   * Runs a command of a person, or of the ledger itself; answers the state after it. Writes once enough has gathered.
   * With a `cause` it is the very command a process manager sends, so that one that goes over the history again repeats it.
   */
  async run(decider, stream, command, actor, on, cause) {
    const known = this.states.get(stream) ?? { state: decider.initialState, revision: NO_STREAM };
    const decided = decider.decide(command, known.state, { actorId: actor.id, roles: actor.roles, effectiveOn: on, today: on });
    const { commandId, contentHash, correlationId, causationId } = cause?.(command) ?? this.personal();
    const metadata = { effectiveOn: on, actor, commandId, commandHash: contentHash, correlationId, causationId };
    const events = decided.map(({ type, data, policy, evidence }, index) => ({
      id: eventId(commandId, index),
      type,
      data,
      metadata: { ...metadata, ...(policy && { policy }), ...(evidence && evidence.length > 0 && { evidence }) },
    }));
    const state = decided.reduce((folded, event) => decider.evolve(folded, event, { actorId: actor.id, effectiveOn: on }), known.state);
    this.states.set(stream, { state, revision: known.revision + events.length });
    if (events.length > 0) {
      this.last = events.at(-1);
      const waiting = this.pending.get(stream);
      if (waiting === undefined) this.pending.set(stream, { expected: known.revision, events });
      else waiting.events.push(...events);
      this.pendingEvents += events.length;
    }
    this.reach(on);
    if (this.pendingEvents >= FLUSH_EVENTS) await this.flush();
    return state;
  }

  personal() {
    const commandId = derivedId('history', String(this.seed), String((this.commands += 1)));
    return { commandId, contentHash: sha256(commandId), correlationId: commandId, causationId: commandId };
  }

  /** Turns the clock to a day; it never goes back. */
  reach(day) {
    this.instant = Math.max(this.instant, Date.parse(`${day}T02:00:00Z`));
  }

  state(stream) {
    return this.states.get(stream)?.state;
  }

  async flush() {
    const groups = [...this.pending];
    this.pending = new Map();
    this.written += this.pendingEvents;
    this.pendingEvents = 0;
    await Promise.all(groups.map(([stream, { expected, events }]) => this.store.append(stream, expected, events)));
  }

  /** Lets go of streams that are done. */
  async forget(streams) {
    await this.flush();
    for (const stream of streams) this.states.delete(stream);
  }
}

/**
 * Writes at least `events` events to an empty store; answers how many. `progress` is told now and then.
 * @param now set by the history: give the store a clock that reads `now.instant`.
 * @param withStories whether it holds every kind of event, which takes some room; by default where it is long enough.
 */
export async function writeHistory(
  store,
  { events, seed = 1, now = {}, progress = () => undefined, withStories = events >= 2 * EVENTS_OF_ALL },
) {
  const author = new Author(store, seed);
  Object.defineProperty(now, 'instant', { get: () => author.instant, configurable: true });
  const random = randomOf(seed);
  const packs = bundledPacks();
  for (const pack of packs)
    await author.run(
      policyDecider,
      `policy-${pack.id}`,
      { type: 'publish', pack, evidence: [{ title: pack.title, sha256: pack.source.sha256 }] },
      LEDGER,
      FIRST_DAY,
    );
  await author.forget([...author.states.keys()]);

  const ofPacks = vocabularyOf(packs);
  const account = { name: ACCOUNT_FACT, type: 'text', label: '收款账户', period: 'day' };
  const vocabulary = { ...ofPacks, definitionOf: (name) => (name === ACCOUNT_FACT ? account : ofPacks.definitionOf(name)) };
  const ladderNames = packs.flatMap((pack) => laddersOf(pack).map(({ ladder }) => ladder));
  const desk = new Desk(store, { author, seed, vocabulary, packs, ladderNames, publishedOn: FIRST_DAY });
  await desk.open();
  const pack = packs.find(({ id }) => id === PACK);
  const world = {
    author,
    random,
    // Stories draw from numbers of their own: with or without them, the common run is the same.
    stories: withStories ? new Stories(desk, randomOf(seed + 0x9e3779b9)) : undefined,
    enterprises: enterpriseDecider(vocabulary),
    pack,
    policy: { pack: PACK, clause: CLAUSE, version: 1, hash: packHash(pack) },
    inputs: Object.entries(inputsOf(pack, CLAUSE)).map(([name, { label, period }]) => ({ name, label, period })),
    lines: new Map(),
  };
  const most = Math.min(COHORT, Math.max(20, Math.ceil(events / 50)));
  const cohorts = Math.max(1, Math.ceil(events / (most * EVENTS_AN_ENTERPRISE)));
  const left = () => events - author.written - (withStories ? Math.max(desk.written, EVENTS_OF_ALL) : 0);
  for (let cohort = 0; cohort === 0 || left() > 0; cohort += 1) {
    const day = addDays(FIRST_DAY, Math.floor((Math.min(cohort, cohorts) * SPAN_DAYS) / cohorts));
    const size = Math.min(most, Math.max(1, Math.ceil(left() / EVENTS_AN_ENTERPRISE)));
    await world.stories?.until(day);
    world.stories?.begin(cohort, day);
    await playCohort(world, cohort, { first: cohort * most, size }, day);
    progress(author.written + desk.written);
  }
  await world.stories?.rest();
  return author.written + desk.written;
}

/** One cohort of enterprises, from registration to payment. The steps of all follow each other day by day. */
async function playCohort(world, cohort, { first, size }, day) {
  const { author, random } = world;
  /** Some days on; what else goes on in the meantime has been told. */
  const later = async (days) => {
    const on = addDays(day, days);
    await world.stories?.until(on);
    return on;
  };
  const members = Array.from({ length: size }, (_, index) => memberOf(first + index));
  const each = async (some, days, step) => {
    const on = await later(days);
    for (const member of some) await step(member, on);
  };
  await each(members, 0, (member, on) => register(world, member, on));
  await each(members, 2, (member, on) => verify(world, member, on));
  const applicants = members.filter(() => random.chance(0.9));
  await each(applicants, 3, (member, on) => applyAndAssess(world, member, on));
  const recommended = [];
  await each(applicants, 4, async (member, on) => (await review(world, member, on)) && recommended.push(member));
  await each(recommended, 5, (member, on) => publicise(world, member, on));
  await each(recommended, 7, async (member, on) => random.chance(0.04) && objection(world, member, on));
  const line = await lineFor(world, cohort, await later(11));
  await each(recommended, 11, (member, on) => grant(world, member, line, on));
  await payBatch(world, cohort, recommended, line, await later(14));
  await each(recommended, 25, async (member, on) => random.chance(0.02) && revoke(world, member, line, on));
  const idle = members.flatMap((member, index) => (index > 0 && !applicants.includes(member) ? [[member, members[index - 1]]] : []));
  await each(idle, 26, async ([member, neighbour], on) => random.chance(0.1) && merge(world, member, neighbour, on));
  await author.forget(members.flatMap(({ code, award }) => [enterpriseStream(code), awardStream(award)]).concat(batchStream(`B${cohort}`)));
}

const OCCASION = { kind: 'once', key: 'once', reference: 'once' };

function memberOf(number) {
  const code = withCheckCharacter(`91360703MA${number.toString().padStart(7, '0')}`);
  return { number, code, name: `赣州第${number}精密制造有限公司`, award: awardId(PACK, CLAUSE, code, OCCASION) };
}

const document = (title, number) => [{ title, documentNo: `赣开〔2024〕${number}号`, sha256: sha256(`${title}${number}`) }];

async function register({ author, enterprises, random }, { number, code, name }, day) {
  const stream = enterpriseStream(code);
  const run = (command) => author.run(enterprises, stream, command, CLERK, day);
  await run({ type: 'register', creditCode: code, name, region: '江西省赣州经济技术开发区', registeredOn: '2018-05-04' });
  const issued = `${Number(day.slice(0, 4)) - 1}-11-06`;
  const certificate = {
    number: `GR${day.slice(0, 4)}36${String(number).padStart(7, '0')}`,
    kind: 'hnte',
    certification: 'first',
    issuedOn: issued,
    expiresOn: addDays(issued, 1_094),
    issuer: '江西省科学技术厅',
  };
  await run({ type: 'record-certificate', ...certificate, evidence: document('高新技术企业证书', number) });
  const year = String(Number(issued.slice(0, 4)) - 1);
  const fact = (name, value, unit, period) => ({
    name,
    value,
    sourceUnit: unit,
    evidence: document(`${unit}出具的证明`, number),
    ...(period && { period }),
  });
  const expenditure = `${500_000 + random.below(9_500_000)}.${String(random.below(100)).padStart(2, '0')}`;
  await run({
    type: 'record-facts',
    facts: [
      fact('rd.expenditure', expenditure, '税务局', year),
      fact('enterprise.aboveScale', random.chance(0.4), '统计局'),
      fact('enterprise.sme', true, '工业和信息化局'),
      fact('enterprise.techSmeRegistered', !random.chance(0.04), '科技创新局'),
      fact(ACCOUNT_FACT, `3600${String(number).padStart(12, '0')}`, '财政局'),
    ],
  });
  if (random.chance(0.2))
    await run({
      type: 'record-relocation',
      from: '广东省深圳市',
      origin: 'out-of-province',
      whole: true,
      on: addDays(day, -30),
      evidence: document('迁移登记通知书', number),
    });
  if (random.chance(0.05)) await run({ type: 'rename', name: `${name}（更名）`, evidence: document('变更登记通知书', number) });
}

/** A reviewer checks what a clerk reported; now and then a figure is disputed and put right, or left as it is. */
async function verify({ author, enterprises, random }, { number, code }, day) {
  const stream = enterpriseStream(code);
  const { facts } = author.state(stream);
  for (const fact of facts) {
    if (random.chance(0.05)) continue;
    if (random.chance(0.05)) {
      await author.run(enterprises, stream, { type: 'dispute-fact', factId: fact.factId, reason: '与申报系统数据不一致' }, REVIEWER, day);
      const { name, value, period, sourceUnit } = fact;
      const corrected = {
        name,
        value: typeof value === 'boolean' ? value : `${value.split('.')[0]}.01`,
        period,
        sourceUnit,
        correctsFactId: fact.factId,
        evidence: document('更正说明', number),
      };
      await author.run(enterprises, stream, { type: 'record-facts', facts: [corrected] }, CLERK, day);
      const factId = `F${author.state(stream).facts.size}`;
      await author.run(enterprises, stream, { type: 'verify-fact', factId, evidence: document('核实记录', number) }, REVIEWER, day);
    } else {
      await author.run(
        enterprises,
        stream,
        { type: 'verify-fact', factId: fact.factId, evidence: document('核实记录', number) },
        REVIEWER,
        day,
      );
    }
  }
}

async function applyAndAssess({ author, pack, policy, inputs }, { number, code, award }, day) {
  const dossier = author.state(enterpriseStream(code));
  const stream = awardStream(award);
  const application = { pack: PACK, clause: CLAUSE, payee: code, payeeName: dossier.name, occasion: OCCASION };
  await author.run(
    awardDecider,
    stream,
    { type: 'apply', ...application, listings: [], policy, evidence: document('奖补申请表', number) },
    CLERK,
    day,
  );
  const resolved = resolveInputs(dossier, inputs, { on: day, occasion: OCCASION });
  const used = resolved.used.map(({ input, value, verified, ...source }) => ({ input, value, verified, source }));
  const { version, hash } = policy;
  const assessment = assess(pack, CLAUSE, { on: day, facts: resolved.facts, sources: resolved.sources, policy: { version, hash } });
  const record = { version, packHash: hash, on: day, facts: resolved.facts, used, assessment };
  await author.run(awardDecider, stream, { type: 'assess', record, policy }, CLERK, day);
}

async function review({ author, random }, { award }, day) {
  const stream = awardStream(award);
  const { outcome } = author.state(stream).assessed.assessment;
  if (outcome !== 'payable' && outcome !== 'refused') throw new Error(`${award} was assessed as ${outcome}`);
  const recommended = outcome === 'payable' && !random.chance(0.02);
  const command = recommended
    ? { type: 'review', recommended, unverifiedReason: '以部门共享数据为准' }
    : { type: 'review', recommended, reason: outcome === 'payable' ? '材料不实' : '未满足条件' };
  await author.run(awardDecider, stream, command, REVIEWER, day);
  return recommended;
}

function publicise({ author }, { award }, day) {
  const command = { type: 'publicise', from: day, days: 5, minimumDays: 5, place: '区管委会门户网站' };
  return author.run(awardDecider, awardStream(award), command, CLERK, day);
}

async function objection({ author }, { award }, day) {
  await author.run(awardDecider, awardStream(award), { type: 'raise-objection', by: '某企业', reason: '对研发投入数额有异议' }, CLERK, day);
  await author.run(
    awardDecider,
    awardStream(award),
    { type: 'decide-objection', objection: 1, upheld: false, reason: '经核查数额属实' },
    JUDGE,
    day,
  );
}

/** The budget line that pays a cohort. Lines of past years are let go. */
async function lineFor({ author, lines }, cohort, day) {
  const period = day.slice(0, 4);
  const line = { pack: PACK, line: `zone-${String(cohort % ZONES).padStart(2, '0')}`, period };
  const stream = budgetStream(line);
  if (author.state(stream) === undefined) {
    await author.forget([...lines].filter(([, year]) => year < period).map(([name]) => name));
    lines.set(stream, period);
    await author.run(budgetDecider, stream, { type: 'open', line, title: `${period}年高企培育资金（${line.line}）` }, FINANCE, day);
  }
  // What the cohort may need at most, each time on a document of its own.
  await author.run(
    budgetDecider,
    stream,
    { type: 'appropriate', amount: `${COHORT * 600_000}.00`, reason: `第${cohort}批`, evidence: document('预算指标文', cohort) },
    FINANCE,
    day,
  );
  return line;
}

async function grant({ author, policy }, { number, code, award }, line, day) {
  const stream = awardStream(award);
  const id = derivedId('history-grant', award);
  const { starting } = await author.run(
    awardDecider,
    stream,
    {
      type: 'start-grant',
      grant: id,
      budget: line,
      documentNo: `赣开科〔${day.slice(0, 4)}〕${number}号`,
      listings: [],
      clearances: [],
      policy,
    },
    APPROVER,
    day,
  );
  const reservation = {
    type: 'reserve',
    award,
    payee: code,
    clause: CLAUSE,
    amount: starting.amount.toString(),
    exclusive: [],
    grant: { id },
  };
  await author.run(budgetDecider, budgetStream(line), reservation, LEDGER, day);
  await author.run(awardDecider, stream, { type: 'complete-grant', grant: id }, LEDGER, day);
}

async function payBatch({ author, random, policy }, cohort, members, budget, day) {
  const batch = `B${cohort}`;
  const stream = batchStream(batch);
  const due = members.filter(({ award }) => author.state(awardStream(award)).status === 'granted');
  if (due.length === 0) return;
  const lines = due.map(({ number, code, award }, index) => {
    const { grant, payeeName } = author.state(awardStream(award));
    return {
      line: index + 1,
      award,
      instalment: 1,
      amount: grant.amount.toString(),
      payee: code,
      payeeName,
      account: `3600${String(number).padStart(12, '0')}`,
      documentNo: grant.documentNo,
      policy,
    };
  });
  await author.run(batchDecider, stream, { type: 'prepare', title: `第${cohort}批奖补资金`, lines }, FINANCE, day);
  await author.run(batchDecider, stream, { type: 'start-freeze' }, FINANCE, day);
  const freezing = author.last;
  for (const { award, line } of lines) {
    await author.run(
      awardDecider,
      awardStream(award),
      { type: 'order', no: 1, batch, line, payer: FINANCE.id, listings: [] },
      LEDGER,
      day,
      payments(freezing, `award:${line}:order`),
    );
  }
  await author.run(batchDecider, stream, { type: 'freeze', dropped: [] }, LEDGER, day);
  const on = addDays(day, 3);
  const results = lines.map(({ line, amount }) => {
    const result = random.chance(0.02) ? 'returned' : 'paid';
    return {
      line,
      amount,
      result,
      on,
      reference: `ICBC${on.replaceAll('-', '')}${cohort}-${line}`,
      reason: result === 'paid' ? '' : '账号户名不符',
    };
  });
  await author.run(batchDecider, stream, { type: 'record-results', file: `${batch}.csv`, sha256: sha256(batch), results }, FINANCE, on);
  const recorded = author.last;
  for (const { line, result, reference, reason } of results) {
    const { award, amount } = lines[line - 1];
    await author.run(
      awardDecider,
      awardStream(award),
      { type: 'settle', no: 1, batch, line, result, on, reference, reason },
      LEDGER,
      on,
      payments(recorded, `award:${line}:${result}`),
    );
    if (result === 'paid')
      await author.run(
        budgetDecider,
        budgetStream(budget),
        { type: 'spend', award, instalment: 1, amount, payment: `${batch}/${line}`, on },
        LEDGER,
        on,
      );
  }
}

/** The context of a command of the process manager `payments`. */
function payments(event, part) {
  return (command) => reactionContext(event, 'payments', command, part);
}

/** A certificate is revoked: the award ends, its budget is free again, and what was paid is demanded and comes back. */
async function revoke({ author, enterprises }, { number, code, award }, line, day) {
  const stream = awardStream(award);
  const { certificates } = author.state(enterpriseStream(code));
  await author.run(
    enterprises,
    enterpriseStream(code),
    {
      type: 'revoke-certificate',
      number: certificates[0].number,
      on: day,
      reason: '高企资格被取消',
      evidence: document('取消资格公告', number),
    },
    CLERK,
    day,
  );
  const state = await author.run(
    awardDecider,
    stream,
    { type: 'revoke', cause: 'certificate-revoked', reason: '高企资格被取消' },
    APPROVER,
    day,
  );
  await author.run(budgetDecider, budgetStream(line), { type: 'release', award, reason: '高企资格被取消' }, LEDGER, day);
  if (state.instalments[0].status !== 'paid') return;
  const principal = state.grant.amount.toString();
  await author.run(
    awardDecider,
    stream,
    { type: 'demand-clawback', cause: 'certificate-revoked', principal, dueOn: addDays(day, 30), reason: '高企资格被取消' },
    APPROVER,
    day,
  );
  await author.run(
    awardDecider,
    stream,
    { type: 'receive-clawback', clawback: 1, amount: principal, on: addDays(day, 1), reference: `SK${number}` },
    FINANCE,
    addDays(day, 1),
  );
}

/** An enterprise that applied for nothing is absorbed by its neighbour. */
async function merge({ author, enterprises }, gone, survivor, day) {
  const { status } = author.state(enterpriseStream(survivor.code));
  if (status !== 'registered') return;
  await author.run(enterprises, enterpriseStream(survivor.code), { type: 'announce-absorption', creditCode: gone.code }, CLERK, day);
  await author.run(
    enterprises,
    enterpriseStream(gone.code),
    { type: 'merge', survivor: survivor.code, survivorStatus: status, reason: '吸收合并', evidence: document('合并协议', gone.number) },
    CLERK,
    day,
  );
  await author.run(enterprises, enterpriseStream(survivor.code), { type: 'absorb', creditCodes: [gone.code] }, LEDGER, day);
}

/** Writes a history to a new ledger file. */
export async function writeHistoryFile(file, { events, seed, progress, withStories }) {
  const now = { instant: 0 };
  const store = new SqliteEventStore(file, new EventCodec(EVENT_DEFINITIONS), { now: () => new Date(now.instant) });
  if ((await store.head()) > 0) throw new Error(`${file} holds events already`);
  try {
    return await writeHistory(store, { events, seed, now, progress, withStories });
  } finally {
    await store.close();
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  await import('reflect-metadata');
  const [, , file, events = '100000', seed = '1'] = argv;
  const start = performance.now();
  const written = await writeHistoryFile(file, { events: Number(events), seed: Number(seed) });
  process.stderr.write(`${written} events in ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}

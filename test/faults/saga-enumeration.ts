import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '@app/event-store';
import { type ProcessManager, readModelSettings } from '@app/projections';
import { PostgresServer } from '../stand-in/postgres.mjs';
import { type StoreKind, StoreUnderTest } from '../support/store-under-test.js';
import { VirtualTime } from '../support/virtual-time.js';
import type { Fate, Point, Reaction } from './mortal-process.js';
import { Act, APPLIED, type Meanwhile, prepareSubjects, type Saga, SAGAS, type Subject, subjectOf, TODAY } from './sagas.js';
import { HandClock, type Outcome, Succession } from './succession.js';

/** How many awards one ledger has ready; when they are used up the next begins. */
const SUBJECTS = 24;
/**
 * How many ledgers in real time are struck at the same time, but for a real node, which holds one: much of the time of each is
 * waiting until something is tried again.
 */
const LANES = 3;
/** Who is there early waits for seconds. */
const EARLY_ONE_IN = 8;
/**
 * How often one point is aimed at. Handler and process managers race, so that one finds done what another run had to do; and how
 * many transactions PostgreSQL sees is a matter of how the work of several subscribers falls together.
 */
const TRIES = 3;
const LONG_MS = 900_000;

/** `LEDGER_TEST_SAGAS=every npm test -- sagas` strikes each point in every way it may be. */
const EVERY = process.env['LEDGER_TEST_SAGAS'] === 'every';

interface Strikes {
  /** What may become of a process there. */
  readonly fates: readonly Fate[];
  /**
   * How many of these points are struck in a run that does not strike everything: one in so many, in one way by turns. Left
   * out, each in every way.
   */
  readonly oneIn?: number;
}

/** What becomes of a write: a death on either side of it, or no answer, whether it was made or not. */
export const WRITTEN: readonly Fate[] = ['before', 'after', 'lost', 'done'];
/** What becomes of one that another process may still see arrive. */
export const SENT: readonly Fate[] = [...WRITTEN, 'late', 'delayed'];
/** Where nothing is written there is but one side to die on. */
export const READ: readonly Fate[] = ['before', 'lost'];

/** How each kind of point is struck; one that is left out is not. */
export type Plan = Readonly<Partial<Record<Point['kind'], Strikes>>>;

interface Target {
  readonly label: string;
  /** The how-many-eth of these. */
  readonly no: number;
  readonly fate: Fate;
}

interface Told {
  readonly points: readonly { readonly point: Point; readonly no: number }[];
  readonly managers: readonly ProcessManager[];
  readonly hasHappened: boolean;
  /** What came of it: the answers, and the events of each stream. */
  readonly story: Readonly<Record<string, readonly string[]>>;
}

const labelOf = ({ kind, of }: Point) => `${kind} ${of}`;
const typesOf = ({ of }: Point) => of.split('+');
const comesBefore = ({ append = '', reaction }: Meanwhile, point: Point) =>
  point.kind === 'append' ? typesOf(point).includes(append) : point.kind === 'reaction' && point.of === reaction;
const nameOf = ({ manager, to }: Reaction) => `${manager} to ${to}`;

/** Tells which points of a saga are struck, and how: by turns, so that all sagas together are struck everywhere in every way. */
class Aim {
  private readonly seen = new Map<Point['kind'], number>();
  private turn = 0;

  constructor(private readonly plan: Plan) {}

  targets(points: Told['points']): readonly Target[] {
    return points.flatMap(({ point, no }) => {
      const { fates, oneIn } = this.plan[point.kind] ?? { fates: [] };
      const all = fates.map((fate): Target => ({ label: labelOf(point), no, fate }));
      if (EVERY || oneIn === undefined) return all;
      const count = (this.seen.get(point.kind) ?? 0) + 1;
      this.seen.set(point.kind, count);
      return count % oneIn === 0 ? [all[(this.turn += 1) % all.length] as Target] : [];
    });
  }
}

/** Where one ledger after another is struck. */
class Lane {
  private ledger: Succession | undefined;
  private store: StoreUnderTest | undefined;
  private subjects = 0;
  private runs = 0;

  constructor(
    private readonly kind: StoreKind,
    private readonly template: Template,
    private readonly postgres: PostgresServer | undefined,
  ) {}

  private async take(number: number): Promise<readonly Subject[]> {
    if (this.ledger === undefined || this.subjects + number > SUBJECTS) {
      await this.end();
      ({ ledger: this.ledger, store: this.store } = await begin(this.kind, TODAY, this.postgres, this.template));
      this.subjects = 0;
    }
    return Array.from({ length: number }, () => subjectOf((this.subjects += 1) - 1));
  }

  /** Leaves a ledger alone that is not as it should be; the next run gets another. */
  async abandon(): Promise<void> {
    this.ledger = undefined;
    await this.store?.close();
  }

  /** The read models are as if nothing had happened. */
  async end(): Promise<void> {
    if (this.ledger === undefined) return;
    expect(await this.ledger.differingReadModels()).toEqual([]);
    await this.ledger.remove();
    await this.store?.close();
    this.ledger = undefined;
  }

  /** Carries a saga through with a fault, or with none; `isLate`: after the others are done who otherwise come in between. */
  async run(saga: Saga, target?: Target, isLate = false): Promise<Told> {
    const subjects = await this.take(saga.subjects);
    const ledger = this.ledger as Succession;
    const name = `RUN${(this.runs += 1)}`;
    await saga.before?.(new Act(ledger, name, 'before'), ...subjects);
    await ledger.settle();
    await ledger.takenOver();
    const since = await ledger.head();

    const act = new Act(ledger, name, 'run');
    const others = new Act(ledger, name, 'meanwhile');
    let meanwhile: Promise<void> | undefined;
    let isMeanwhile = false;
    ledger.first = (point) => {
      if (saga.meanwhile === undefined || !comesBefore(saga.meanwhile, point)) return undefined;
      isMeanwhile ||= meanwhile === undefined;
      return (meanwhile ??= saga.meanwhile.run(others, ...subjects).finally(() => (isMeanwhile = false)));
    };
    // Some clients ask again at once, others when everything has come to its end without them: which it must.
    ledger.beforeAskingAgain = async () => {
      if (isMeanwhile || (target?.no ?? 0) % 2 === 0) return;
      await ledger.settle();
      expect(await halfDone(ledger)).toEqual([]);
    };
    const points: Told['points'][number][] = [];
    const seen = new Map<string, number>();
    let hasHappened = false;
    ledger.delay = 1 + (target?.no ?? 0) * 3;
    ledger.fate = (point) => {
      const label = labelOf(point);
      const no = (seen.get(label) ?? 0) + 1;
      seen.set(label, no);
      points.push({ point, no });
      if (hasHappened || label !== target?.label || no !== target.no) return undefined;
      hasHappened = true;
      return target.fate;
    };
    if (isLate) await (meanwhile = saga.meanwhile?.run(others, ...subjects));
    await saga.run(act, ...subjects);
    await meanwhile;
    await ledger.settle();
    ledger.fate = () => undefined;
    ledger.first = () => undefined;
    await ledger.arriveAll();
    await ledger.settle();

    const told = plain(subjects, name);
    const events = await ledger.events(since);
    const outcomes: Outcome[] = [];
    for (const outcome of [...act.outcomes, ...others.outcomes]) {
      const { sent } = outcome;
      const again = await ledger.send(sent.actor, sent.key, sent.path, sent.body);
      // Refused when asked too late, it may have been on its way all the while, and have arrived after that.
      const isOvertaken = saga.meanwhile?.mayComeFirst === true && outcome.refused !== undefined && again.refused === undefined;
      if (!isOvertaken) expect(answerOf(again)).toEqual(answerOf(outcome));
      outcomes.push(again);
    }
    await ledger.settle();
    expect(await ledger.head()).toBe(events.at(-1)?.position);
    expect(await ledger.get('/balances/trial')).toMatchObject({ balanced: true });
    expect(await ledger.get('/balances/reconciliation')).toMatchObject({ differences: [] });
    return { points, managers: ledger.current.managers, hasHappened, story: storyOf(events, outcomes, told) };
  }
}

/** A ledger that others begin with: its folder, and the URL of its read models where they are in a database. */
interface Template {
  readonly folder: string;
  readonly database: string | undefined;
}

interface Begun {
  readonly ledger: Succession;
  readonly store: StoreUnderTest;
  readonly database: string | undefined;
}

/**
 * A ledger on a day, with a copy of `template`, which moves into a real node; where there is a PostgreSQL, it has a database of
 * its own there.
 */
async function begin(kind: StoreKind, day: string, server?: PostgresServer, template?: Template): Promise<Begun> {
  const clock = HandClock.on(day);
  const folder = mkdtempSync(join(tmpdir(), 'ledger-sagas-'));
  if (template !== undefined) cpSync(template.folder, folder, { recursive: true });
  const moves = kind === 'relayed-node' && template !== undefined;
  const now = () => clock.instant;
  const store = moves
    ? await StoreUnderTest.holding(folder, now, kind)
    : await StoreUnderTest.start(folder, now, kind, server === undefined);
  const { setting } = store;
  const database = await server?.database(template?.database);
  const postgres = readModelSettings({ LEDGER_READ_MODELS_URL: database, LEDGER_READ_MODELS_POOL: '4' });
  const places = { folder, ...(setting !== 'none' && { esdb: setting }), ...(postgres && { postgres }) };
  const ledger = await Succession.begin(clock, places);
  ledger.earlyOneIn = EARLY_ONE_IN;
  return { ledger, store, database };
}

/** What nobody but a client who asks again would ever bring to its end. */
async function halfDone(ledger: Succession): Promise<readonly unknown[]> {
  const { items: awards } = (await ledger.get('/awards?status=granting')) as { items: readonly unknown[] };
  const { items: batches } = (await ledger.get('/payment-batches')) as { items: readonly { status: string }[] };
  return [...awards, ...batches.filter(({ status }) => status === 'freezing')];
}

const answerOf = ({ refused, body: { stream, revision } }: Outcome) => [refused ?? null, stream, revision];

/** An answer as far as it is the same in every run: some streams are for several runs, and to some something may be announced once more. */
function storiedAnswerOf(outcome: Outcome): string {
  const [refused, stream, revision] = answerOf(outcome);
  const isVaried = /^(budget|tierreview|enterprise)-/.test(String(stream));
  return JSON.stringify([refused, stream, isVaried ? null : revision]);
}

/** What tells one run from another is left out. */
function plain(subjects: readonly Subject[], name: string): (text: string) => string {
  return (text) => {
    const named = subjects.reduce((told, { code }, index) => told.replaceAll(code, `<enterprise ${index + 1}>`), text);
    return named
      .replaceAll(new RegExp(`\\b${name}\\b`, 'gi'), '<run>')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>')
      .replaceAll(/[0-9a-f]{64}/g, '<hash>')
      .replaceAll(/(账户|测试企业|P-)\d+/g, '$1');
  };
}

function storyOf(events: readonly RecordedEvent[], outcomes: readonly Outcome[], told: (text: string) => string): Told['story'] {
  const story: Record<string, string[]> = { answers: outcomes.map((outcome) => told(storiedAnswerOf(outcome))) };
  for (const { stream, type, data, metadata } of events) {
    const { actor, effectiveOn } = metadata;
    const line = told(JSON.stringify([type, data, actor.id, effectiveOn]));
    const lines = (story[told(stream)] ??= []);
    // Whoever was struck between the announcement and the merger announces it once more.
    if (type !== 'absorption-announced' || !lines.includes(line)) lines.push(line);
  }
  return story;
}

/** Each saga runs once without a fault, which tells its points; then once for each way in which one of them is struck. */
export function enumerateSagas(kind: StoreKind, plan: Plan, readModels: 'sqlite' | 'postgres' = 'sqlite'): void {
  const places = readModels === 'sqlite' ? kind : `${kind} with read models in PostgreSQL`;
  describe(`a saga over ${places} that is struck at each of its points comes to the same end`, () => {
    let postgres: PostgresServer | undefined;
    let template: Template;
    let lanes: readonly Lane[] = [];
    // PostgreSQL is somebody else, who has a time of his own, and so is a real node.
    const isVirtual = readModels === 'sqlite' && kind !== 'relayed-node';
    let time: VirtualTime | undefined;
    const inItsTime = (work: () => Promise<void>) => time?.while(work) ?? work();
    const endLanes = async () => void (await Promise.all(lanes.map((lane) => lane.end())));
    const aim = new Aim(plan);
    const reactions = new Set<string>();
    let managers: readonly ProcessManager[] = [];
    const note = (points: Told['points']) => {
      for (const { point } of points) if (point.by !== undefined) reactions.add(nameOf(point.by));
    };
    beforeAll(async () => {
      if (readModels === 'postgres') postgres = await PostgresServer.start();
      if (isVirtual) time = VirtualTime.begin(1);
      await inItsTime(async () => {
        const { ledger, store, database } = await begin(kind === 'relayed-node' ? 'sqlite' : kind, APPLIED, postgres);
        template = { folder: ledger.folder, database };
        await prepareSubjects(ledger, SUBJECTS);
        ledger.clock.reach(TODAY);
        await ledger.settle();
        await ledger.end();
        await store.close();
      });
      const number = isVirtual || kind === 'relayed-node' ? 1 : LANES;
      lanes = Array.from({ length: number }, () => new Lane(kind, template, postgres));
    });
    afterAll(async () => {
      try {
        await inItsTime(endLanes);
      } finally {
        time?.end();
        rmSync(template.folder, { recursive: true, force: true });
        await postgres?.stop();
      }
    });

    it.each(SAGAS.map((saga) => [saga.name, saga] as const))(
      '%s',
      (_, saga) =>
        inItsTime(async () => {
          const { points, story, ...told } = await (lanes[0] as Lane).run(saga);
          ({ managers } = told);
          note(points);
          const types = Object.values(story)
            .flat()
            .map((text) => (JSON.parse(text) as [string])[0]);
          const countOf = (some: readonly string[]) =>
            Object.fromEntries(saga.leaves.map((type) => [type, some.filter((each) => each === type).length]));
          expect(countOf(types)).toEqual(countOf(saga.leaves));
          const targets = aim.targets(points);
          expect(targets.length).toBeGreaterThan(readModels === 'sqlite' ? saga.leaves.length : 0);
          const appended = new Set(points.flatMap(({ point }) => (point.kind === 'append' ? typesOf(point) : [])));
          expect(saga.leaves.filter((type) => !appended.has(type))).toEqual([]);
          const ends = [story];
          if (saga.meanwhile?.mayComeFirst === true) ends.push((await (lanes[0] as Lane).run(saga, undefined, true)).story);
          const left = [...targets];
          const unlike: unknown[] = [];
          const missed: Target[] = [];
          let struck = 0;
          const strike = async (lane: Lane) => {
            for (let target = left.shift(); target !== undefined; target = left.shift()) {
              try {
                const told = await lane.run(saga, target);
                if (told.hasHappened) struck += 1;
                else {
                  missed.push(target);
                  if (missed.filter((each) => each === target).length < TRIES) left.push(target);
                }
                note(told.points);
                if (!ends.some((end) => isDeepStrictEqual(told.story, end))) expect(told.story).toEqual(story);
              } catch (error) {
                unlike.push([target, error instanceof Error ? error.message : error]);
                await lane.abandon();
              }
            }
          };
          await Promise.all(lanes.map(strike));
          expect(unlike).toEqual([]);
          expect(struck).toBeGreaterThanOrEqual(Math.floor(targets.length * (readModels === 'sqlite' ? 0.9 : 0.6)));
        }),
      LONG_MS,
    );

    // In one run the handler is there first, in another the process manager.
    if (plan.append?.oneIn !== undefined) return;
    it('every process manager is driven by one of them to whatever it writes', () => {
      const all = managers.flatMap(({ name, handles }) => [...handles].map((to) => nameOf({ manager: name, to })));
      expect(all.filter((name) => !reactions.has(name))).toEqual([]);
    });
  });
}

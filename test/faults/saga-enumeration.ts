import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '@app/event-store';
import type { ProcessManager } from '@app/projections';
import { type StoreKind, StoreUnderTest } from '../support/store-under-test.js';
import type { Fate, Point, Reaction } from './mortal-process.js';
import { Act, APPLIED, prepareSubjects, type Saga, SAGAS, type Subject, subjectOf, TODAY } from './sagas.js';
import { HandClock, type Outcome, Succession } from './succession.js';

/** How many awards one ledger has ready; when they are used up the next begins. */
const SUBJECTS = 24;
/** How many ledgers are struck at the same time, but for a real node, which holds one: much of the time of each is waiting until something is tried again. */
const LANES = 3;
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

/**
 * Reactions that write only where something has come in between that no saga here brings about: a survivor has been merged
 * away itself before it absorbs, an award ends with one instalment paid and another open.
 */
const SELDOM = ['award-grants to instalment-paid', 'enterprise-merger to enterprise-absorbed'];

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
    private readonly template: string,
  ) {}

  private async take(number: number): Promise<readonly Subject[]> {
    if (this.ledger === undefined || this.subjects + number > SUBJECTS) {
      await this.end();
      ({ ledger: this.ledger, store: this.store } = await begin(this.kind, TODAY, this.template));
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
    const since = await ledger.head();

    const act = new Act(ledger, name, 'run');
    const others = new Act(ledger, name, 'meanwhile');
    let meanwhile: Promise<void> | undefined;
    let isMeanwhile = false;
    ledger.first = (point) => {
      if (saga.meanwhile === undefined || point.kind !== 'append' || !typesOf(point).includes(saga.meanwhile.append)) return undefined;
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
      if (!isOvertaken) expect(told(answerOf(again))).toEqual(told(answerOf(outcome)));
      outcomes.push(again);
    }
    await ledger.settle();
    expect(await ledger.head()).toBe(events.at(-1)?.position);
    expect(await ledger.get('/balances/trial')).toMatchObject({ balanced: true });
    expect(await ledger.get('/balances/reconciliation')).toMatchObject({ differences: [] });
    return { points, managers: ledger.current.managers, hasHappened, story: storyOf(events, outcomes, told) };
  }
}

/** A ledger on a day, with a copy of what stands in `template`; into a real node a copy moves. */
async function begin(kind: StoreKind, day: string, template?: string): Promise<{ ledger: Succession; store: StoreUnderTest }> {
  const clock = HandClock.on(day);
  const folder = mkdtempSync(join(tmpdir(), 'ledger-sagas-'));
  if (template !== undefined) cpSync(template, folder, { recursive: true });
  const moves = kind === 'relayed-node' && template !== undefined;
  const store = await StoreUnderTest[moves ? 'holding' : 'start'](folder, () => clock.instant, kind);
  const { setting } = store;
  return { ledger: await Succession.begin(clock, { folder, ...(setting !== 'none' && { esdb: setting }) }), store };
}

/** What nobody but a client who asks again would ever bring to its end. */
async function halfDone(ledger: Succession): Promise<readonly unknown[]> {
  const { items: awards } = (await ledger.get('/awards?status=granting')) as { items: readonly unknown[] };
  const { items: batches } = (await ledger.get('/payment-batches')) as { items: readonly { status: string }[] };
  return [...awards, ...batches.filter(({ status }) => status === 'freezing')];
}

/** An answer as far as it is the same whenever it is given. */
function answerOf({ refused, body: { stream, revision } }: Outcome): string {
  const isShared = /^(budget|tierreview)-/.test(String(stream));
  return JSON.stringify([refused ?? null, stream, isShared ? null : revision]);
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
  const story: Record<string, string[]> = { answers: outcomes.map((outcome) => told(answerOf(outcome))) };
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
export function enumerateSagas(kind: StoreKind, plan: Plan): void {
  describe(`a saga over ${kind} that is struck at each of its points comes to the same end`, () => {
    let template: string;
    let lanes: readonly Lane[];
    const aim = new Aim(plan);
    const reactions = new Set<string>();
    let managers: readonly ProcessManager[] = [];
    const note = (points: Told['points']) => {
      for (const { point } of points) if (point.by !== undefined) reactions.add(nameOf(point.by));
    };
    beforeAll(async () => {
      const { ledger, store } = await begin(kind === 'relayed-node' ? 'sqlite' : kind, APPLIED);
      template = ledger.folder;
      await prepareSubjects(ledger, SUBJECTS);
      ledger.clock.reach(TODAY);
      await ledger.settle();
      await ledger.end();
      await store.close();
      lanes = Array.from({ length: kind === 'relayed-node' ? 1 : LANES }, () => new Lane(kind, template));
    });
    afterAll(async () => {
      await Promise.all(lanes.map((lane) => lane.end()));
      rmSync(template, { recursive: true, force: true });
    });

    it.each(SAGAS.map((saga) => [saga.name, saga] as const))(
      '%s',
      async (_, saga) => {
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
        expect(targets.length).toBeGreaterThan(saga.leaves.length);
        const appended = new Set(points.flatMap(({ point }) => (point.kind === 'append' ? typesOf(point) : [])));
        expect(saga.leaves.filter((type) => !appended.has(type))).toEqual([]);
        const ends = [story];
        if (saga.meanwhile?.mayComeFirst === true) ends.push((await (lanes[0] as Lane).run(saga, undefined, true)).story);
        const left = [...targets];
        const unlike: unknown[] = [];
        let struck = 0;
        const strike = async (lane: Lane) => {
          for (let target = left.shift(); target !== undefined; target = left.shift()) {
            try {
              const told = await lane.run(saga, target);
              if (told.hasHappened) struck += 1;
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
        // Handler and process managers race: now and then one finds done what another run had to do.
        expect(struck).toBeGreaterThanOrEqual(Math.floor(targets.length * 0.9));
      },
      LONG_MS,
    );

    // In one run the handler is there first, in another the process manager.
    if (plan.append?.oneIn !== undefined) return;
    it('every process manager is driven by one of them to whatever it writes', () => {
      const all = managers.flatMap(({ name, handles }) => [...handles].map((to) => nameOf({ manager: name, to })));
      expect(all).toEqual(expect.arrayContaining(SELDOM));
      expect(all.filter((name) => !reactions.has(name) && !SELDOM.includes(name))).toEqual([]);
    });
  });
}

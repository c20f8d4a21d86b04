import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '@app/event-store';
import type { Fate, Point } from './mortal-process.js';
import { Act, APPLIED, prepareSubjects, type Saga, SAGAS, type Subject, subjectOf, TODAY } from './sagas.js';
import { HandClock, type Outcome, Succession } from './succession.js';

/** How many awards one ledger has ready; when they are used up the next begins. */
const SUBJECTS = 24;

/**
 * What may become of a process at each kind of point. Nothing is written at a read: to die there is to die behind the write
 * before it. What the read models and the pages of a subscription do when they fail is the same for every saga, and
 * has specs of its own.
 */
const FATES: Readonly<Record<Point['kind'], readonly Fate[]>> = {
  append: ['before', 'after', 'late', 'lost', 'done', 'delayed'],
  rows: ['before', 'after'],
  checkpoint: ['before', 'after'],
  read: ['lost'],
  page: [],
};

/** `LEDGER_TEST_SAGAS=every npm test -- sagas` strikes each point in every way, which takes some minutes. */
const EVERY = process.env['LEDGER_TEST_SAGAS'] === 'every';
/** Of what is not written, and of the rows of the read models, which are written over and over, every so many-eth. */
const FEWER: Readonly<Partial<Record<Point['kind'], number>>> = { read: 4, rows: 3 };

interface Target {
  readonly label: string;
  /** The how-many-eth of these. */
  readonly no: number;
  readonly fate: Fate;
}

interface Told {
  readonly points: readonly { readonly point: Point; readonly no: number }[];
  readonly hasHappened: boolean;
  /** What came of it: the answers, and the events of each stream. */
  readonly story: Readonly<Record<string, readonly string[]>>;
}

const labelOf = ({ kind, of }: Point) => `${kind} ${of}`;

/** By turns: so that all sagas together are struck in every way at every kind of point. */
let turn = 0;
function targetsOf(points: Told['points']): readonly Target[] {
  const seen = { append: 0, rows: 0, checkpoint: 0, read: 0, page: 0 };
  return points.flatMap(({ point, no }) => {
    const all = FATES[point.kind].map((fate): Target => ({ label: labelOf(point), no, fate }));
    if (EVERY) return all;
    const isLeftOut = (seen[point.kind] += 1) % (FEWER[point.kind] ?? 1) !== 0;
    return isLeftOut || all.length === 0 ? [] : [all[(turn += 1) % all.length] as Target];
  });
}

class Enumeration {
  private ledger: Succession | undefined;
  private subjects = 0;
  private runs = 0;

  constructor(private readonly template: string) {}

  private async take(number: number): Promise<readonly Subject[]> {
    if (this.ledger === undefined || this.subjects + number > SUBJECTS) {
      await this.end();
      this.ledger = await Succession.begin(HandClock.on(TODAY), { template: this.template });
      this.subjects = 0;
    }
    return Array.from({ length: number }, () => subjectOf((this.subjects += 1) - 1));
  }

  /** Leaves a ledger alone that is not as it should be; the next run gets another. */
  abandon(): void {
    this.ledger = undefined;
  }

  /** The read models are as if nothing had happened. */
  async end(): Promise<void> {
    if (this.ledger === undefined) return;
    expect(await this.ledger.differingReadModels()).toEqual([]);
    await this.ledger.remove();
    this.ledger = undefined;
  }

  /** Carries a saga through with a fault, or with none. */
  async run(saga: Saga, target?: Target): Promise<Told> {
    const subjects = await this.take(saga.subjects);
    const ledger = this.ledger as Succession;
    const name = `R${(this.runs += 1)}`;
    await saga.before?.(new Act(ledger, name, 'before'), ...subjects);
    await ledger.settle();
    const since = await ledger.head();

    const points: Told['points'][number][] = [];
    const seen = new Map<string, number>();
    let hasHappened = false;
    // Some clients ask again at once, others when everything has come to its end without them: which it must.
    ledger.beforeAskingAgain = async () => {
      if ((target?.no ?? 0) % 2 === 0) return;
      await ledger.settle();
      expect(await halfDone(ledger)).toEqual([]);
    };
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
    const act = new Act(ledger, name, 'run');
    await saga.run(act, ...subjects);
    await ledger.settle();
    ledger.fate = () => undefined;
    await ledger.arriveAll();
    await ledger.settle();

    const told = plain(subjects, name);
    const events = await ledger.events(since);
    for (const outcome of act.outcomes) {
      const { sent } = outcome;
      const again = await ledger.send(sent.actor, sent.key, sent.path, sent.body);
      expect(told(answerOf(again))).toEqual(told(answerOf(outcome)));
    }
    await ledger.settle();
    expect(await ledger.head()).toBe(events.at(-1)?.position);
    expect(await ledger.get('/balances/trial')).toMatchObject({ balanced: true });
    expect(await ledger.get('/balances/reconciliation')).toMatchObject({ differences: [] });
    return { points, hasHappened, story: storyOf(events, act.outcomes, told) };
  }
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
      .replaceAll(/(账户|测试企业)\d+/g, '$1');
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

describe('a saga that is struck at each of its points comes to the same end', () => {
  let template: Succession;
  let enumeration: Enumeration;
  beforeAll(async () => {
    template = await Succession.begin(HandClock.on(APPLIED));
    await prepareSubjects(template, SUBJECTS);
    template.clock.reach(TODAY);
    await template.settle();
    await template.end();
    enumeration = new Enumeration(template.folder);
  });
  // The read models are as if nothing had happened.
  afterAll(async () => {
    await enumeration.end();
    rmSync(template.folder, { recursive: true, force: true });
  });

  it.each(SAGAS.map((saga) => [saga.name, saga] as const))('%s', async (_, saga) => {
    const { points, story } = await enumeration.run(saga);
    const types = Object.values(story)
      .flat()
      .map((text) => (JSON.parse(text) as [string])[0]);
    const countOf = (some: readonly string[]) =>
      Object.fromEntries(saga.leaves.map((type) => [type, some.filter((each) => each === type).length]));
    expect(countOf(types)).toEqual(countOf(saga.leaves));
    const targets = targetsOf(points);
    expect(targets.filter(({ label }) => label.startsWith('append')).length).toBeGreaterThanOrEqual(new Set(saga.leaves).size);
    const unlike: unknown[] = [];
    let struck = 0;
    for (const target of targets) {
      try {
        const told = await enumeration.run(saga, target);
        if (told.hasHappened) struck += 1;
        expect(told.story).toEqual(story);
      } catch (error) {
        unlike.push([target, error instanceof Error ? error.message : error]);
        enumeration.abandon();
      }
    }
    expect(unlike).toEqual([]);
    // Handler and process managers race: now and then one finds done what another run had to do.
    expect(struck).toBeGreaterThanOrEqual(Math.floor(targets.length * 0.9));
  });
});

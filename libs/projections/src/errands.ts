import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { Problem } from '@app/kernel';
import type { ReadModels } from './read-models.js';
import { faultOf } from './subscriber.js';

/** What operators have done to projections and process managers. */
export type Work = 'rebuild' | 'verify' | 'resume';

const POLL_MS = 100;
/** What nobody has taken up for so long is withdrawn. */
const PATIENCE_MS = 5_000;
/** Who has taken it up may have to wait for a page in work. */
const ANSWER_MS = 20_000;
/** What is left of it when the process that asked has died. */
const KEPT_MS = 60_000;

interface ErrandRow {
  /** What was asked at once, of whichever processes, has one id. */
  readonly id: string;
  readonly name: string;
  readonly work: Work;
  /** In milliseconds, by the clock of the read models. */
  readonly asked_at: number;
  readonly state: 'asked' | 'taken' | 'done';
  /** The problem it was refused with, as JSON; null for none. */
  readonly problem: string | null;
}

/**
 * Work asked of one process and done by another, which runs what it is about: a row for each name, by which the two find each
 * other in the read models they share. Whoever takes a row up is the only one; what nobody takes up in time is done by nobody.
 */
export class Errands {
  constructor(private readonly readModels: ReadModels) {}

  private get tables() {
    return this.readModels.from<{ errand: ErrandRow }>();
  }

  private before(ms: number) {
    return sql<number>`${this.readModels.nowMs} - ${ms}`;
  }

  /**
   * Resolves when the work has been begun for all names.
   * @throws Problem what whoever runs one of them refuses it with, the others having begun; `projector-elsewhere` when nobody
   *   takes it up, or does not say what has come of it.
   */
  async ask(work: Work, names: readonly string[]): Promise<void> {
    const id = randomUUID();
    const rows = names.map((name) => ({ id, name, work, asked_at: this.readModels.nowMs, state: 'asked' as const, problem: null }));
    await this.tables.deleteFrom('errand').where('asked_at', '<', this.before(KEPT_MS)).execute();
    await this.tables.insertInto('errand').values(rows).execute();
    try {
      const begunMs = performance.now();
      for (;;) {
        await sleep(POLL_MS);
        const { left, problem } = await this.stateOf(id);
        if (left.length === 0) {
          if (problem === undefined) return;
          throw problem;
        }
        const waitedMs = performance.now() - begunMs;
        if (waitedMs > PATIENCE_MS) await this.withdraw(id);
        if (waitedMs > ANSWER_MS) throw unanswered(`who runs ${left.join(', ')} has not said what has come of it`);
      }
    } finally {
      // What is left is deleted with the next.
      const over = this.tables.deleteFrom('errand').where('id', '=', id).execute();
      await over.catch(() => undefined);
    }
  }

  /** Which names nobody has answered for, and the first problem of the others. */
  private async stateOf(id: string): Promise<{ readonly left: readonly string[]; readonly problem: Problem | undefined }> {
    const rows = await this.tables.selectFrom('errand').select(['name', 'state', 'problem']).where('id', '=', id).orderBy('name').execute();
    const [problem] = rows.flatMap((row) => (row.problem === null ? [] : [problemFrom(row.problem)]));
    return { left: rows.flatMap(({ name, state }) => (state === 'done' ? [] : [name])), problem };
  }

  /** @throws Problem `projector-elsewhere` when something had to be withdrawn. */
  private async withdraw(id: string): Promise<void> {
    const withdrawn = await this.tables.deleteFrom('errand').where('id', '=', id).where('state', '=', 'asked').returning('name').execute();
    if (withdrawn.length > 0) throw unanswered(`nobody runs ${withdrawn.map(({ name }) => name).join(', ')} just now; retry`);
  }

  /** Takes up what others have asked of this process, by the names it runs, and does it. */
  async serve(holds: (name: string) => boolean, perform: (work: Work, names: readonly string[]) => Promise<void>): Promise<void> {
    const asked = await this.tables
      .selectFrom('errand')
      .select(['id', 'name'])
      .where('state', '=', 'asked')
      .where('asked_at', '>=', this.before(PATIENCE_MS))
      .orderBy('asked_at')
      .execute();
    const own = asked.filter(({ name }) => holds(name));
    for (const id of new Set(own.map((errand) => errand.id))) {
      const wanted = own.flatMap((errand) => (errand.id === id ? [errand.name] : []));
      const of = this.tables.updateTable('errand').where('id', '=', id).where('name', 'in', wanted);
      const taken = await of.set({ state: 'taken' }).where('state', '=', 'asked').returning(['name', 'work']).execute();
      const [first] = taken;
      if (first === undefined) continue;
      const names = taken.map(({ name }) => name);
      const problem = await perform(first.work, names).then(() => null, textOf);
      await of.set({ state: 'done', problem }).where('state', '=', 'taken').execute();
    }
  }
}

function textOf(thrown: unknown): string {
  const { kind, code, detail } = thrown instanceof Problem ? thrown : unanswered(`who runs it could not do it: ${faultOf(thrown)}`);
  return JSON.stringify({ kind, code, detail });
}

function problemFrom(text: string): Problem {
  const { kind, code, detail } = JSON.parse(text) as Pick<Problem, 'kind' | 'code' | 'detail'>;
  return new Problem(kind, code, detail);
}

function unanswered(detail: string): Problem {
  return new Problem('unavailable', 'projector-elsewhere', detail);
}

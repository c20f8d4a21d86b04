import type { Verified } from './projector.js';
import type { ReadModels } from './read-models.js';

/** How the comparison of a projection's tables with ones built anew has gone. */
export interface Verification extends Partial<Verified> {
  readonly name: string;
  readonly state: 'running' | 'equal' | 'different' | 'failed';
  /** When it began, or ended: ISO 8601 in UTC. */
  readonly at: string;
  /** Why it could not be done. */
  readonly error?: string;
}

interface VerificationRow {
  readonly name: string;
  /** What an earlier comparison has still to tell is told nobody. */
  readonly run: string;
  readonly state: Verification['state'];
  /** In milliseconds, by the clock of the read models. */
  readonly told_at: number;
  /** All else, as JSON. */
  readonly result: string;
}

/** The latest comparison of each projection, for every process to ask, whichever has made it. */
export class Verifications {
  constructor(private readonly readModels: ReadModels) {}

  private get tables() {
    return this.readModels.from<{ verification: VerificationRow }>();
  }

  /** `run` is what they are to be ended with, another one each time. */
  async begin(run: string, names: readonly string[]): Promise<void> {
    const fresh = { run, state: 'running' as const, told_at: this.readModels.nowMs, result: '{}' };
    await this.tables
      .insertInto('verification')
      .values(names.map((name) => ({ name, ...fresh })))
      .onConflict((conflict) => conflict.column('name').doUpdateSet(fresh))
      .execute();
  }

  async end(
    run: string,
    name: string,
    state: Verification['state'],
    result: Partial<Verified> & { readonly error?: string },
  ): Promise<void> {
    const ended = { state, told_at: this.readModels.nowMs, result: JSON.stringify(result) };
    await this.tables.updateTable('verification').set(ended).where('name', '=', name).where('run', '=', run).execute();
  }

  /** Whoever begins to run projections knows that nobody compares them. */
  async interrupted(names: readonly string[]): Promise<void> {
    const result = JSON.stringify({ error: 'the process that compared it has ended; verify again' });
    await this.tables
      .updateTable('verification')
      .set({ state: 'failed', result })
      .where('name', 'in', names)
      .where('state', '=', 'running')
      .execute();
  }

  async list(): Promise<readonly Verification[]> {
    const rows = await this.tables.selectFrom('verification').select(['name', 'state', 'told_at', 'result']).orderBy('name').execute();
    return rows.map(({ name, state, told_at: at, result }) => ({
      name,
      state,
      at: new Date(at).toISOString(),
      ...(JSON.parse(result) as Partial<Verified>),
    }));
  }
}

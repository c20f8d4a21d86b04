import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { ask } from './connections.js';
import type { Candidacy, Candidate } from '../read-models.js';

/** A lease that is not renewed runs out after this time, by the database's clock. */
export const LEASE_MS = 5_000;
const RENEWAL_MS = 1_000;

interface Held {
  readonly token: number;
  /** By this process's own clock, counted from before it was asked for: a process that slept knows that it has slept. */
  readonly untilMs: number;
}

/**
 * Who runs which subscriber: a row each, with the holder and a token that rises with every change of the holder. A commit
 * shows its token, and is refused when the lease has another by then. So a process that was cut off or slept through its
 * lease cannot write, whatever it believes.
 */
export class Leases {
  /** Names this process to the others; its connections carry the name, so that whoever deposes it can end them. */
  readonly holder = `ledger-${randomUUID()}`;
  private readonly held = new Map<string, Held>();
  private competing = false;

  constructor(private readonly pool: pg.Pool) {}

  /** The token to be shown for a subscriber; undefined where nobody competes, null when it is not held. */
  tokenFor(name: string): number | null | undefined {
    return this.competing ? (this.held.get(name)?.token ?? null) : undefined;
  }

  /** Commits show their token from here on. Resolves when it is known for the first time what can be had. */
  async stand(names: readonly string[], candidate: Candidate): Promise<Candidacy> {
    this.competing = true;
    const ending = new AbortController();
    await this.acquire(names, candidate);
    const running = this.compete(names, candidate, ending.signal);
    return {
      holds: (name) => performance.now() < (this.held.get(name)?.untilMs ?? 0),
      end: async () => {
        ending.abort();
        await running;
        const names = [...this.held.keys()];
        this.held.clear();
        if (names.length > 0) await ask(this.pool, RELEASE, [this.holder, names]).catch(() => undefined);
      },
    };
  }

  private async compete(names: readonly string[], candidate: Candidate, signal: AbortSignal): Promise<void> {
    for (;;) {
      // A lease alone keeps no process running.
      await sleep(RENEWAL_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      await this.renew(candidate).catch(() => undefined);
      this.giveUpOverdue(candidate);
      // Where it fails, the next turn is as good.
      await this.acquire(names, candidate).catch(() => undefined);
    }
  }

  private async renew(candidate: Candidate): Promise<void> {
    if (this.held.size === 0) return;
    const untilMs = performance.now() + LEASE_MS;
    const asked = [...this.held.keys()];
    const { rows } = await ask<{ name: string; token: number }>(this.pool, RENEW, [this.holder, asked, LEASE_MS]);
    // What was acquired while this was asked is another matter.
    const lost = new Set(asked);
    const now = performance.now();
    for (const { name, token } of rows) {
      const held = this.held.get(name);
      // What ran out while this was asked for has stopped of itself.
      if (held?.token !== token || held.untilMs <= now) continue;
      this.held.set(name, { token, untilMs });
      lost.delete(name);
    }
    this.lose([...lost], candidate);
  }

  /** Nobody may have taken them over, but nobody can be asked either. */
  private giveUpOverdue(candidate: Candidate): void {
    const now = performance.now();
    this.lose(
      [...this.held].flatMap(([name, { untilMs }]) => (untilMs <= now ? [name] : [])),
      candidate,
    );
  }

  private lose(names: readonly string[], candidate: Candidate): void {
    for (const name of names) this.held.delete(name);
    if (names.length > 0) candidate.lost(names);
  }

  /** Renewed meanwhile: what is there may take its time to be read. */
  private async begin(gained: readonly { readonly name: string }[], candidate: Candidate): Promise<void> {
    const names = gained.map(({ name }) => name);
    const renewing = setInterval(() => void this.renew(candidate).catch(() => undefined), RENEWAL_MS).unref();
    try {
      await candidate.gained(names);
    } catch (error) {
      // It may have begun with some of them.
      this.lose(names, candidate);
      await ask(this.pool, RELEASE, [this.holder, names]);
      throw error;
    } finally {
      clearInterval(renewing);
    }
  }

  private async acquire(names: readonly string[], candidate: Candidate): Promise<void> {
    const wanted = names.filter((name) => !this.held.has(name));
    if (wanted.length === 0) return;
    const untilMs = performance.now() + LEASE_MS;
    const { rows: expired } = await ask<{ holder: string }>(this.pool, EXPIRED, [wanted, this.holder]);
    // What a deposed process has begun and not finished would hold locks for as long as it sleeps.
    for (const { holder } of expired) await ask(this.pool, END_CONNECTIONS, [holder]).catch(() => undefined);
    const { rows: taken } = await ask<{ name: string; token: number }>(this.pool, TAKE, [this.holder, wanted, LEASE_MS]);
    const { rows: fresh } = await ask<{ name: string; token: number }>(this.pool, BEGIN, [this.holder, wanted, LEASE_MS]);
    const gained = [...taken, ...fresh];
    for (const { name, token } of gained) this.held.set(name, { token, untilMs });
    if (gained.length > 0) await this.begin(gained, candidate);
  }
}

const UNTIL = `clock_timestamp() + $3 * interval '1 millisecond'`;
const RENEW = `UPDATE lease SET expires_at = ${UNTIL} WHERE holder = $1 AND name = ANY($2::text[]) RETURNING name, token`;
const EXPIRED = `SELECT DISTINCT holder FROM lease WHERE name = ANY($1::text[]) AND expires_at < clock_timestamp() AND holder <> $2`;
const END_CONNECTIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND usename = current_user`;
/** FOR UPDATE waits for commits that have shown the token there is; a renewal need not. */
const TAKE = `
  WITH free AS (SELECT name FROM lease WHERE name = ANY($2::text[]) AND expires_at < clock_timestamp() ORDER BY name FOR UPDATE)
  UPDATE lease SET holder = $1, token = lease.token + 1, expires_at = ${UNTIL} FROM free WHERE lease.name = free.name
  RETURNING lease.name, lease.token`;
const BEGIN = `
  INSERT INTO lease (name, holder, token, expires_at) SELECT name, $1, 1, ${UNTIL} FROM unnest($2::text[]) AS name
  ON CONFLICT (name) DO NOTHING RETURNING name, token`;
const RELEASE = `UPDATE lease SET expires_at = '-infinity' WHERE holder = $1 AND name = ANY($2::text[])`;

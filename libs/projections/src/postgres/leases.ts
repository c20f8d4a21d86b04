import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { ask } from './connections.js';
import type { Candidacy, Candidate } from '../read-models.js';

/** A lease that is not renewed runs out after this time, by the database's clock. */
export const LEASE_MS = 5_000;
const RENEWAL_MS = 1_000;
/** Who could not begin with what it had gained is not counted among those who share, for so long: others run all of it. */
const STANDS_BACK_MS = 30_000;
/** What nobody takes for so long is taken by whoever sees it, beyond its share: all that are still there have left it lying. */
const LEFT_LYING_MS = LEASE_MS;
/** A name has to fit into `application_name`, of 63 bytes. */
const MOST_OF_A_HOST = 32;

interface Held {
  readonly token: number;
  /** By this process's own clock, counted from before it was asked for: a process that slept knows that it has slept. */
  readonly untilMs: number;
}

/**
 * Who runs which subscriber: a row each, with the holder and a token that rises with every change of the holder. A commit
 * shows its token, and is refused when the lease has another by then. So a process that was cut off or slept through its
 * lease cannot write, whatever it believes.
 *
 * Processes that are there share alike: each takes no more than its part of what is free, and gives away what it holds beyond.
 */
export class Leases {
  /** Names this process to people and to the others; its connections carry the name, so that whoever deposes it can end them. */
  readonly holder = `ledger-${hostname().slice(0, MOST_OF_A_HOST)}-${process.pid}-${randomUUID().slice(0, 8)}`;
  private readonly held = new Map<string, Held>();
  private competing = false;
  private standsFromMs = 0;
  /** Since when this process has seen that nobody holds them. */
  private free: ReadonlyMap<string, number> = new Map();
  /** The others when something was last found that they had left lying: among these same ones nothing is given away. */
  private leftBy: string | undefined;
  /** Names whose tables are just being changed. */
  private readonly changing: string[] = [];

  /** `cutOff` is called when a lease was lost to others: what was begun under it may hang. */
  constructor(
    private readonly pool: pg.Pool,
    private readonly cutOff: () => void,
  ) {}

  /** The token to be shown for a subscriber; undefined where nobody competes, null when it is not held. */
  tokenFor(name: string): number | null | undefined {
    return this.competing ? (this.held.get(name)?.token ?? null) : undefined;
  }

  /**
   * Changes tables of a subscriber, which may take minutes and holds the row of its lease all that time: meanwhile it is not
   * given away, since nobody could take it, nor what is taken together with it.
   */
  async keeping<Result>(name: string, change: () => Promise<Result>): Promise<Result> {
    this.changing.push(name);
    try {
      return await change();
    } finally {
      this.changing.splice(this.changing.indexOf(name), 1);
    }
  }

  /** Commits show their token from here on. Resolves when it is known for the first time what can be had. */
  async stand(names: readonly string[], candidate: Candidate): Promise<Candidacy> {
    this.competing = true;
    const ending = new AbortController();
    await this.share(names, candidate);
    const running = this.compete(names, candidate, ending.signal);
    return {
      holds: (name) => performance.now() < (this.held.get(name)?.untilMs ?? 0),
      end: async () => {
        ending.abort();
        await running;
        const names = [...this.held.keys()];
        this.held.clear();
        await this.release(names).catch(() => undefined);
        await ask(this.pool, LEAVE, [this.holder]).catch(() => undefined);
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
      await this.share(names, candidate).catch(() => undefined);
    }
  }

  /** Takes what is free up to its part, or gives away what it holds beyond it. */
  private async share(names: readonly string[], candidate: Candidate): Promise<void> {
    const stands = performance.now() >= this.standsFromMs;
    const asked = stands ? [this.holder, LEASE_MS] : [this.holder];
    const { rows: others } = await ask<{ holder: string }>(this.pool, stands ? STAND : OTHERS, asked);
    const part = Math.ceil(names.length / (others.length + 1));
    const among = others.map(({ holder }) => holder).join();
    if (this.held.size > part && among !== this.leftBy) await this.giveAway(names, part, candidate);
    else await this.acquire(names, part, among, candidate);
  }

  private async giveAway(names: readonly string[], part: number, candidate: Candidate): Promise<void> {
    const given = spread(
      names.filter((name) => this.held.has(name) && !this.changing.includes(name)),
      this.held.size - part,
    );
    if (given.length === 0) return;
    for (const name of given) this.held.delete(name);
    candidate.lost(given, true);
    await this.release(given);
  }

  private async release(names: readonly string[]): Promise<void> {
    if (names.length > 0) await ask(this.pool, RELEASE, [this.holder, names]);
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
    if (names.length === 0) return;
    for (const name of names) this.held.delete(name);
    this.cutOff();
    candidate.lost(names);
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
      this.standsFromMs = performance.now() + STANDS_BACK_MS;
      await this.release(names);
      await ask(this.pool, LEAVE, [this.holder]);
      throw error;
    } finally {
      clearInterval(renewing);
    }
  }

  private async acquire(names: readonly string[], part: number, among: string, candidate: Candidate): Promise<void> {
    const wanted = names.filter((name) => !this.held.has(name));
    if (wanted.length === 0) return;
    const untilMs = performance.now() + LEASE_MS;
    const { rows: free } = await ask<Free>(this.pool, FREE, [wanted]);
    const now = performance.now();
    this.free = new Map(free.map(({ name }) => [name, this.free.get(name) ?? now]));
    const isLeftLying = ({ name }: Free) => now - (this.free.get(name) ?? now) >= LEFT_LYING_MS;
    const [lying, fresh] = [free.filter(isLeftLying), free.filter((one) => !isLeftLying(one))];
    const chosen = [...lying, ...spread(fresh, Math.max(0, part - this.held.size - lying.length))];
    if (chosen.length === 0) return;
    if (lying.length > 0) this.leftBy = among;
    // What a deposed process has begun and not finished would hold locks for as long as it sleeps.
    const deposed = new Set(chosen.map(({ holder }) => holder).filter((holder) => holder !== null && holder !== this.holder));
    for (const holder of deposed) await ask(this.pool, END_CONNECTIONS, [holder]).catch(() => undefined);
    const taking = [this.holder, chosen.map(({ name }) => name), LEASE_MS];
    const { rows: taken } = await ask<{ name: string; token: number }>(this.pool, TAKE, taking);
    const { rows: begun } = await ask<{ name: string; token: number }>(this.pool, BEGIN, taking);
    const gained = [...taken, ...begun];
    for (const { name, token } of gained) this.held.set(name, { token, untilMs });
    if (gained.length > 0) await this.begin(gained, candidate);
  }
}

/** A lease nobody holds. */
interface Free {
  readonly name: string;
  /** Who held it until it ran out; null for nobody, or who gave it back. */
  readonly holder: string | null;
}

/** So many of some, from everywhere among them: neighbours, which are alike, come to different processes. */
export function spread<One>(all: readonly One[], count: number): readonly One[] {
  if (count >= all.length) return all;
  return all.filter((_, index) => Math.floor(((index + 1) * count) / all.length) > Math.floor((index * count) / all.length));
}

const UNTIL = `clock_timestamp() + $3 * interval '1 millisecond'`;
const RENEW = `UPDATE lease SET expires_at = ${UNTIL} WHERE holder = $1 AND name = ANY($2::text[]) RETURNING name, token`;
const OTHERS = `SELECT holder FROM candidate WHERE holder <> $1 AND expires_at > clock_timestamp() ORDER BY holder`;
const STAND = `
  WITH standing AS (
    INSERT INTO candidate (holder, expires_at) VALUES ($1, clock_timestamp() + $2 * interval '1 millisecond')
    ON CONFLICT (holder) DO UPDATE SET expires_at = excluded.expires_at
  ), gone AS (DELETE FROM candidate WHERE holder <> $1 AND expires_at < clock_timestamp() - interval '1 hour')
  ${OTHERS}`;
const LEAVE = 'DELETE FROM candidate WHERE holder = $1';
const FREE = `
  SELECT wanted.name, nullif(lease.holder, '') AS holder
  FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, place) LEFT JOIN lease ON lease.name = wanted.name
  WHERE lease.name IS NULL OR lease.expires_at < clock_timestamp() ORDER BY wanted.place`;
const END_CONNECTIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND usename = current_user`;
/** FOR UPDATE waits for commits that have shown the token there is; a renewal need not. */
const TAKE = `
  WITH free AS (SELECT name FROM lease WHERE name = ANY($2::text[]) AND expires_at < clock_timestamp() ORDER BY name FOR UPDATE)
  UPDATE lease SET holder = $1, token = lease.token + 1, expires_at = ${UNTIL} FROM free WHERE lease.name = free.name
  RETURNING lease.name, lease.token`;
const BEGIN = `
  INSERT INTO lease (name, holder, token, expires_at) SELECT name, $1, 1, ${UNTIL} FROM unnest($2::text[]) AS name
  ON CONFLICT (name) DO NOTHING RETURNING name, token`;
/** It is nobody's: whoever takes it has nothing to end, since who gives it back goes on with others. */
const RELEASE = `UPDATE lease SET holder = '', expires_at = clock_timestamp() WHERE holder = $1 AND name = ANY($2::text[])`;

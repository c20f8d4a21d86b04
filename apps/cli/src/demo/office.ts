import { SingleBar } from 'cli-progress';
import { type Tokens } from '@app/http';
import { type BusinessDate, type Clock, type PersonRole, startOf } from '@app/kernel';
import type { Receipt } from '@app/event-store';
import { ask, type Door, Refused } from '../door.js';

/** A clock that a simulation sets by hand. */
export class SimulatedClock implements Clock {
  private instant = 0;

  now(): Date {
    // Each look at the clock is a little later than the one before, as in an office.
    this.instant += 1_000;
    return new Date(this.instant);
  }

  /** Nine in the morning of a day, never back. */
  setDay(day: string): void {
    this.instant = Math.max(this.instant, startOf(day as BusinessDate).getTime() + 9 * 3_600_000);
  }
}

/** The people of the demonstration: one duty each, as the ledger demands. */
const STAFF = {
  clerk: { id: 'demo.wang-fang', unit: '区经发局（演示）' },
  reviewer: { id: 'demo.li-qiang', unit: '区经发局（演示）' },
  approver: { id: 'demo.chen-jing', unit: '区管委会（演示）' },
  'second-approver': { id: 'demo.zhao-lei', unit: '区管委会（演示）' },
  finance: { id: 'demo.sun-li', unit: '区财政局（演示）' },
  auditor: { id: 'demo.zhou-min', unit: '区纪检监察组（演示）' },
} as const;
type Duty = keyof typeof STAFF;
const ROLE_OF: Readonly<Record<Duty, PersonRole>> = {
  clerk: 'clerk',
  reviewer: 'reviewer',
  approver: 'approver',
  'second-approver': 'approver',
  finance: 'finance',
  auditor: 'auditor',
};

/** The offices at work: every step is a request through the same routes that real people use. */
export class Office {
  private steps = 0;
  private readonly bar: SingleBar | undefined;

  private constructor(
    private readonly door: Door,
    private readonly clock: SimulatedClock,
    private readonly tokens: Readonly<Record<Duty, string>>,
    /** Waits until everything that follows from what was done has been done too. */
    readonly settled: () => Promise<unknown>,
    expectedSteps: number,
  ) {
    if (process.stderr.isTTY) {
      this.bar = new SingleBar({ format: '演示年度 {bar} {percentage}% {value} steps', stream: process.stderr });
      this.bar.start(expectedSteps, 0);
    }
  }

  static async open(
    door: Door,
    clock: SimulatedClock,
    keys: Tokens,
    settled: () => Promise<unknown>,
    expectedSteps: number,
  ): Promise<Office> {
    const issued = await Promise.all(
      (Object.keys(STAFF) as Duty[]).map(
        async (duty) => [duty, await keys.issue({ ...STAFF[duty], roles: [ROLE_OF[duty]] }, 366 * 86_400)] as const,
      ),
    );
    return new Office(door, clock, Object.fromEntries(issued) as Record<Duty, string>, settled, expectedSteps);
  }

  on(day: string): void {
    this.clock.setDay(day);
  }

  /** Does something; refusals are errors here. */
  async post<Result = Receipt>(duty: Duty, path: string, body: unknown = {}): Promise<Result> {
    this.steps += 1;
    this.bar?.increment();
    const idempotencyKey = `demo-${this.steps}`;
    return ask<Result>(this.door, { method: 'POST', path, body, token: this.tokens[duty], idempotencyKey });
  }

  /** Does something that the ledger is expected to refuse, and returns its reason. */
  async refused(
    duty: Duty,
    path: string,
    body: unknown = {},
  ): Promise<{ readonly code: string; readonly title: string; readonly detail: string }> {
    try {
      await this.post(duty, path, body);
    } catch (error) {
      if (error instanceof Refused) return error.problem;
      throw error;
    }
    throw new Error(`the ledger should have refused ${path}`);
  }

  get<Result>(path: string): Promise<Result> {
    return ask<Result>(this.door, { method: 'GET', path, token: this.tokens.auditor });
  }

  get stepsTaken(): number {
    return this.steps;
  }

  done(): void {
    this.bar?.stop();
  }
}

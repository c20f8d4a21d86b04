/** A step of the ledger's work that operators may want to count, time or trace. Streams are told by their kind alone: their names name people. */
export type Step =
  /** A command from its arrival at the executor to its receipt, the wait for others on the same stream included. */
  | { readonly kind: 'command'; readonly stream: string }
  /** What a stream has gained is read and folded. */
  | { readonly kind: 'load'; readonly stream: string }
  /** `attempt` counts from 0; more than that, somebody else has come before us on the stream. */
  | { readonly kind: 'append'; readonly stream: string; readonly events: number; readonly attempt: number }
  /** A page of events goes into the tables of some projections. */
  | { readonly kind: 'projection-page'; readonly projections: number; readonly events: number; readonly position: number };

/** Sees every step. It runs the work exactly once, and answers or fails as the work does. */
export interface Observer {
  observe<Result>(step: Step, work: () => Promise<Result>): Promise<Result>;
}

/** Injection token of the observer. */
export const OBSERVER = Symbol('Observer');

export const UNOBSERVED: Observer = { observe: (_step, work) => work() };

/** What a stream is of, by its name: `award`, `budget`, `enterprise` … */
export function kindOfStream(stream: string): string {
  return stream.slice(0, Math.max(0, stream.indexOf('-')));
}

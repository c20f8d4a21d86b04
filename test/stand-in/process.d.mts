import type { Fault } from './node.mjs';

export declare class StandInProcess {
  /** Starts a node whose data stands in a file, or a relay before another node or cluster, whose data outlives it. */
  static start(options: { readonly file: string; readonly upstream?: string }): Promise<StandInProcess>;
  readonly port: number;
  readonly url: string;
  /** Starts it again on the same port, after a kill. */
  restart(): Promise<void>;
  kill(): Promise<void>;
  inject(...faults: readonly Fault[]): void;
}

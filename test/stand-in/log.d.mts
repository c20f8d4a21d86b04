import type { StandInRecord } from './node.mjs';

export declare class StandInLog {
  /** Reads what a node has kept in a file. */
  constructor(file?: string, options?: { readonly readOnly?: boolean });
  readonly records: readonly StandInRecord[];
}

/** Faults happen to the next matching call, `times` times (default once). Codes are those of gRPC. */
export type Fault = { readonly times?: number; /** Only calls on streams whose name begins so. */ readonly stream?: string } & (
  | { readonly on: 'append' | 'batchAppend'; readonly kind: 'silent' | 'lost-answer' | 'break' | 'twice' }
  /** Arrives when `release` is called. */
  | { readonly on: 'batchAppend'; readonly kind: 'held' }
  | { readonly on: 'append' | 'batchAppend'; readonly kind: 'late' | 'late-answer'; readonly delayMs: number }
  /** `status-after` stores the append and says it failed; `status` does not store it. */
  | {
      readonly on: 'batchAppend';
      readonly kind: 'status' | 'status-after';
      readonly code: number;
      readonly message: string;
      readonly typeName?: string;
    }
  | { readonly on: 'read' | 'subscribe'; readonly kind: 'break' | 'stall'; /** How many events come before. */ readonly after: number }
  | { readonly on: 'read' | 'subscribe' | 'features'; readonly kind: 'silent' }
  /** Takes its time before everything that it sends. */
  | { readonly on: 'subscribe'; readonly kind: 'slow'; readonly delayMs: number }
  | {
      readonly on: 'append' | 'batchAppend' | 'read' | 'subscribe' | 'delete' | 'tombstone' | 'features';
      readonly kind: 'refuse';
      readonly code?: number;
      readonly exception?: string;
      readonly details?: string;
      readonly trailers?: Readonly<Record<string, string | number>>;
    }
);

export interface StandInRecord {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly type: string;
  readonly data: Buffer;
  readonly metadata: Buffer;
}

export declare class StandInNode {
  /**
   * Starts a node; with a file its data outlives it. `log` is shared by the nodes of one cluster; `now` is its clock, in
   * milliseconds. `inProcess`: only clients of this process reach it, and nothing depends on the operating system. With `tls` it
   * is reached by the name localhost; `users` have to say who they are then, and may do what their rights say. On a plain
   * connection clients never say it. With `upstream`, the URL of another node or cluster, it is a relay: it keeps nothing, passes
   * on what a ledger asks, and `now` tells when what comes by was recorded.
   */
  static start(options?: {
    readonly file?: string;
    readonly port?: number;
    readonly inProcess?: boolean;
    readonly upstream?: string;
    readonly log?: StandInNode['log'];
    readonly now?: () => number;
    readonly tls?: {
      readonly certificate: string;
      readonly key: string;
      /** Who certifies users: then nobody is let in without a certificate. */
      readonly userAuthority?: string;
    };
    readonly users?: Readonly<Record<string, { readonly password: string; readonly groups: readonly string[] }>>;
  }): Promise<StandInNode>;
  readonly port: number;
  readonly url: string;
  version: string;
  peers: readonly { readonly port: number; readonly isAlive?: boolean }[];
  readonly seen: Readonly<Record<'append' | 'batchAppend' | 'read' | 'subscribe' | 'delete' | 'tombstone' | 'features' | 'gossip', number>>;
  /** Faults that have not happened yet. */
  readonly pending: number;
  clockAheadMs: number;
  readonly delivered: number;
  readonly openReads: number;
  readonly log: { readonly records: readonly StandInRecord[]; append(stream: string, events: readonly unknown[]): StandInRecord };
  /**
   * From now on this node follows another, which leads: it has what that had at this moment, and hears of nothing later. Calls
   * that ask for the leader are told where that is; the others get what this node has.
   */
  follow(leader: StandInNode): void;
  inject(...faults: readonly Fault[]): void;
  release(): void;
  calm(): void;
  mute(): void;
  unmute(): void;
  stopReading(): void;
  goOnReading(): void;
  dropSubscriptions(): void;
  stop(): Promise<void>;
  restart(downMs?: number): Promise<void>;
}

/**
 * What a failed call means for whoever made it:
 * `conflict`: the stream stands elsewhere; `retry`: nothing was done, ask again; `unknown`: it may or may not have been
 * done, ask again with the same ids and the same revision; `fatal`: asking again cannot help.
 */
export type Verdict = 'conflict' | 'retry' | 'unknown' | 'fatal';

/** What tells one failure from another: the client's error type and gRPC's status code, where there are any. */
export interface Symptom {
  readonly type?: string;
  readonly code?: number;
}

/** Every error type of the client. One that a later client adds is missing here, and the spec says so. */
const BY_TYPE: Readonly<Record<string, Verdict>> = {
  'wrong-expected-version': 'conflict',
  'not-leader': 'retry',
  timeout: 'unknown',
  'deadline-exceeded': 'unknown',
  unavailable: 'unknown',
  cancelled: 'unknown',
  'access-denied': 'fatal',
  'invalid-argument': 'fatal',
  'invalid-transaction': 'fatal',
  'maximum-append-size-exceeded': 'fatal',
  'missing-required-metadata-property': 'fatal',
  'no-stream': 'fatal',
  'not-found': 'fatal',
  'stream-deleted': 'fatal',
  'stream-not-found': 'fatal',
  'scavenge-not-found': 'fatal',
  'persistent-subscription-failed': 'fatal',
  'persistent-subscription-does-not-exist': 'fatal',
  'persistent-subscription-exists': 'fatal',
  'persistent-subscription-dropped': 'fatal',
  'maximum-subscribers-reached': 'fatal',
  'user-not-found': 'fatal',
  'user-conflict': 'fatal',
  unsupported: 'fatal',
};

/** gRPC's status codes, for errors whose type says nothing: the client's `unknown`, and plain errors of the channel. */
const BY_CODE: Readonly<Record<number, Verdict>> = {
  1: 'unknown', // CANCELLED
  2: 'unknown', // UNKNOWN
  3: 'fatal', // INVALID_ARGUMENT
  4: 'unknown', // DEADLINE_EXCEEDED
  5: 'fatal', // NOT_FOUND
  6: 'fatal', // ALREADY_EXISTS
  7: 'fatal', // PERMISSION_DENIED
  8: 'unknown', // RESOURCE_EXHAUSTED: busy
  9: 'unknown', // FAILED_PRECONDITION
  10: 'unknown', // ABORTED
  11: 'fatal', // OUT_OF_RANGE
  12: 'fatal', // UNIMPLEMENTED
  13: 'unknown', // INTERNAL
  14: 'unknown', // UNAVAILABLE
  15: 'unknown', // DATA_LOSS
  16: 'fatal', // UNAUTHENTICATED
};

/**
 * The type decides where it says something, else the code. What neither explains ("not ready", "busy", a failed
 * discovery, a bug) may have been done or not: that is always safe to assume, since a repeat is recognised.
 */
export function classify({ type, code }: Symptom): Verdict {
  const byType = type === undefined || !Object.hasOwn(BY_TYPE, type) ? undefined : BY_TYPE[type];
  if (byType !== undefined) return byType;
  return (code === undefined ? undefined : BY_CODE[code]) ?? 'unknown';
}

const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** What went wrong, for people, where the error says. Types and codes are told, never the server's own words. */
export function reasonIn(error: unknown): string | undefined {
  const { type, code } = symptomOf(error);
  // What came of a handshake the channel says in words alone.
  if (code === UNAVAILABLE && error instanceof Error && error.message.includes('certificate')) return 'its certificate is not trusted';
  if (code === UNAUTHENTICATED) return 'user or password';
  return type ?? (code === undefined ? undefined : `gRPC ${code}`);
}

/** Reads a symptom off whatever was thrown. */
export function symptomOf(error: unknown): Symptom {
  if (typeof error !== 'object' || error === null) return {};
  const { type, code } = error as { type?: unknown; code?: unknown };
  return { ...(typeof type === 'string' && { type }), ...(typeof code === 'number' && { code }) };
}

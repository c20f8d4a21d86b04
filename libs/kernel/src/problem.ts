/** What kind of "no" a problem is; the HTTP door turns the kind into a status, the CLI into an exit code. */
export type ProblemKind =
  | 'invalid' // the input breaks a rule of form
  | 'unauthenticated' // no valid token
  | 'forbidden' // the actor may not do this
  | 'not-found'
  | 'refused' // a rule of the ledger says no
  | 'conflict' // someone else changed the stream; read again and retry
  | 'precondition-failed' // If-Match named another revision
  | 'unavailable'; // something needed is not there; retry later

/** One field of the input and the rule it breaks. */
export interface FieldError {
  readonly field: string;
  readonly rule: string;
  readonly message: string;
}

/** A typed refusal (RFC 9457 problem details). `code` is stable and part of the contract; `detail` is for people. */
export class Problem extends Error {
  constructor(
    readonly kind: ProblemKind,
    readonly code: string,
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    readonly extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(`${code}: ${detail}`);
    this.name = 'Problem';
  }
}

export const invalid = (code: string, detail: string, errors: readonly FieldError[] = []) => new Problem('invalid', code, detail, errors);
export const invalidField = (field: string, rule: string, message: string) =>
  new Problem('invalid', 'invalid-input', `${field}: ${message}`, [{ field, rule, message }]);
export const refused = (code: string, detail: string, extra: Readonly<Record<string, unknown>> = {}) =>
  new Problem('refused', code, detail, [], extra);
export const forbidden = (code: string, detail: string) => new Problem('forbidden', code, detail);
export const notFound = (code: string, detail: string) => new Problem('not-found', code, detail);

/** Marks a union as fully handled; reaching it means a stored value the code does not know. */
export function unreachable(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}

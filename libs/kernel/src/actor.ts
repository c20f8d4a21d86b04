/** The roles a token can carry. `service` is the ledger itself (process managers) and is never given to a person. */
export const ROLES = ['clerk', 'reviewer', 'approver', 'finance', 'auditor', 'administrator'] as const;
export type PersonRole = (typeof ROLES)[number];
export type Role = PersonRole | 'service';

/** Who did something: a person's stable id, the unit they act for, and the roles they held then. */
export interface Actor {
  readonly id: string;
  readonly unit: string;
  readonly roles: readonly Role[];
}

/** The ledger itself: what it does of its own accord, and what it carries on for a person. No person's token may bear its id. */
export const LEDGER_ACTOR: Actor = Object.freeze({ id: 'ledger', unit: 'ledger', roles: Object.freeze(['service'] as const) });

/** A document a decision rests on; `sha256` (hex) pins its content where a file exists. */
export interface Evidence {
  readonly title: string;
  readonly documentNo?: string;
  readonly sha256?: string;
}

/** The clause an event applies: pack, published version, clause id and the hash of the canonical pack. */
export interface PolicyCitation {
  readonly pack: string;
  readonly version: number;
  readonly clause: string;
  readonly hash: string;
}

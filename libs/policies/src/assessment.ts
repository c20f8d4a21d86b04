import { type Interpretation } from './pack.js';

export type FactValue = string | boolean;

/** Where a figure came from; shown beside it in the trace. A `label` says it all and stands alone. */
export interface FactSource {
  readonly factId?: string;
  readonly unit?: string;
  readonly period?: string;
  readonly verified?: boolean;
  readonly label?: string;
}

export interface AssessmentRequest {
  /** The business date, `YYYY-MM-DD`. */
  readonly on: string;
  /** By input name. Absent, null and undefined all mean unknown; names the clause does not use are passed over. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly sources?: Readonly<Record<string, FactSource>>;
  /** Computes drafts, dates outside force and open questions; the result is marked and can never be paid. */
  readonly simulate?: boolean;
  /** The published version assessed, for the trace; nothing is granted from `endedOn` on. */
  readonly policy?: { readonly version: number; readonly hash: string; readonly endedOn?: string };
}

/** One thing the assessment looked at, in the order it did. `text` is a sentence a clerk can read aloud. */
export interface TraceStep {
  readonly step: 'force' | 'interpretation' | 'input' | 'gate' | 'formula' | 'cap' | 'rounding' | 'instalment' | 'result';
  readonly clause: string;
  readonly text: string;
  readonly line?: number;
  readonly quote?: string;
  readonly pack?: string;
  readonly version?: number;
  readonly hash?: string;
  readonly input?: string;
  readonly value?: FactValue;
  readonly source?: FactSource;
  readonly gate?: string;
  /** Whether a gate holds; null while it is unknown. */
  readonly holds?: boolean | null;
  readonly interpretation?: string;
  readonly chosen?: Interpretation['chosen'];
  /** The exact figure after this step. */
  readonly amount?: string;
}

export interface InstalmentAssessment {
  readonly no: number;
  readonly amount: string;
  readonly status: 'met' | 'unmet' | 'pending';
  /** The unknown facts a pending instalment waits for, sorted. */
  readonly needs?: readonly string[];
}

export interface InputError {
  readonly input: string;
  readonly message: string;
}

export type Outcome =
  | { readonly outcome: 'payable'; readonly amount: string; readonly instalments?: readonly InstalmentAssessment[] }
  | { readonly outcome: 'refused'; readonly failed: readonly string[]; readonly waivable?: true }
  | { readonly outcome: 'missing'; readonly missing: readonly string[] }
  | { readonly outcome: 'discretionary'; readonly ceiling: string }
  | { readonly outcome: 'unresolved'; readonly waits: string }
  | { readonly outcome: 'not-in-force' }
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'placed'; readonly ladder: string; readonly tier: string }
  | { readonly outcome: 'invalid'; readonly input: string; readonly reason: string; readonly errors: readonly InputError[] };

export type Assessment = Outcome & {
  readonly pack: string;
  readonly clause: string;
  readonly on: string;
  readonly simulated?: true;
  readonly trace: readonly TraceStep[];
};

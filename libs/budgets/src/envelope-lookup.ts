import type { PolicyCitation } from '@app/kernel';
import type { EnvelopeTerms } from './budget.js';

/** What a published pack sets aside for a line. */
export interface LineEnvelope extends EnvelopeTerms {
  readonly title: string;
  /** The years the sum is for; a line of other years is refused, so that one sum is not opened once for every year of its span. */
  readonly period?: 'annual' | { readonly from: number; readonly to: number };
  /** The clause as published, cited by the opening. */
  readonly policy?: PolicyCitation;
}

/** The port to the published packs. */
export interface EnvelopeLookup {
  /** The envelope a pack declares for a line; undefined when it declares none. */
  envelopeOf(pack: string, line: string): Promise<LineEnvelope | undefined>;
}

/** Injection token of the `EnvelopeLookup`. */
export const ENVELOPE_LOOKUP = Symbol('EnvelopeLookup');

/** The default: no pack declares an envelope. */
export const noEnvelopes: EnvelopeLookup = { envelopeOf: async () => undefined };

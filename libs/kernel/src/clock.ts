/** The only source of time. Handlers take it by injection; tests and simulations pass their own. */
export interface Clock {
  now(): Date;
}

/** Injection token for the clock. */
export const CLOCK = Symbol('Clock');

import type { PipeTransform } from '@nestjs/common';

type Query = Readonly<Record<string, unknown>>;
/** Looks up what a filter names, with what else was asked. @throws Problem when there is no such thing. */
export type LookUp = (named: string, query: Query) => Promise<unknown>;

/**
 * A filter that names what does not exist would be answered with an empty list, and a slip would read as "there is none",
 * or "nothing is due". So wherever a query has one of these parameters, what it names must exist where one looks from.
 * Features provide one of these as `APP_PIPE` for what they keep; the parameters have been checked for their form by then.
 */
export function knownInQueries(lookUps: Readonly<Record<string, LookUp>>): PipeTransform {
  return {
    async transform(value: unknown, { type }: { readonly type: string }) {
      if (type !== 'query' || typeof value !== 'object' || value === null) return value;
      const query = value as Query;
      for (const [field, lookUp] of Object.entries(lookUps)) {
        const named = query[field];
        if (typeof named === 'string') await lookUp(named, query);
      }
      return value;
    },
  };
}

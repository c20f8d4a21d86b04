import { type RawBuilder, sql } from 'kysely';

/** What an enterprise, of the table `enterprise` or of one selected as another name, is called or was on a day; before its first recorded name, that name. */
export function nameOnDay(on: string | undefined, as = 'enterprise'): RawBuilder<string> {
  if (on === undefined) return sql.ref(`${as}.name`);
  return sql<string>`coalesce(
    (select "named"."name" from ${sql.table('enterprise_name')} as "named" where "named"."credit_code" = ${sql.ref(`${as}.credit_code`)} and "named"."valid_from" <= ${on}
      order by "named"."valid_from" desc, "named"."revision" desc limit 1),
    (select "named"."name" from ${sql.table('enterprise_name')} as "named" where "named"."credit_code" = ${sql.ref(`${as}.credit_code`)}
      order by "named"."valid_from", "named"."revision" limit 1),
    ${sql.ref(`${as}.name`)})`;
}

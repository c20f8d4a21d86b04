import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';
import { isPeriod } from './line.js';

/** The period of a budget line (预算期间): a year such as "2024", or a span of 2 to 10 years such as "2021-2023". */
export function IsPeriod(options?: ValidationOptions): PropertyDecorator {
  const message = 'must be a year such as "2024" or a span of 2 to 10 years such as "2021-2023"';
  return ValidateBy(
    { name: 'period', validator: { validate: isPeriod, defaultMessage: buildMessage((each) => `${each}$property ${message}`, options) } },
    options,
  );
}

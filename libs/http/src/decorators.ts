import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { buildMessage, IsString, Matches, MaxLength, ValidateBy, ValidateIf, type ValidationOptions } from 'class-validator';
import { creditCode, isBusinessDate, Money } from '@app/kernel';

/** Yuan as a decimal string with at most two decimals, not negative: `"400000.00"`. */
export function IsMoney(options?: ValidationOptions): PropertyDecorator {
  return rule('money', Money.isText, 'must be yuan as a decimal string with at most two decimals, such as "400000.00"', options);
}

/** An existing calendar day in Asia/Shanghai, `YYYY-MM-DD`. */
export function IsBusinessDay(options?: ValidationOptions): PropertyDecorator {
  return rule('date', isBusinessDate, 'must be an existing day written YYYY-MM-DD', options);
}

/**
 * The shape of a unified social credit code; whether the check character agrees is judged by the domain. The field holds
 * the one spelling every stream and table has: capital letters, no blanks around it.
 */
export function IsCreditCode(options?: ValidationOptions): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(inOneSpelling) : inOneSpelling(value))),
    rule('credit-code', isCreditCodeShape, 'must be 18 characters of GB 32100 (digits and letters without I, O, S, V, Z)', options),
  );
}

/** Something to read: a letter or digit, and not one of those that show nothing. */
const VISIBLE = /[^\P{L}\u115F\u1160\u3164\uFFA0]|\p{N}/u;
/** Line breaks and tabs apart, nothing a reader cannot see: it could disguise a name or a formula in a table. */
const NOTHING_HIDDEN = /^(?:[^\p{Cc}\p{Cf}]|[\n\r\t])*$/u;

/** A text of one to `maxLength` characters that is not blank. */
export function IsText(maxLength: number): PropertyDecorator {
  return applyDecorators(
    IsString(),
    MaxLength(maxLength),
    Matches(VISIBLE, { message: '$property must not be blank' }),
    Matches(NOTHING_HIDDEN, { message: '$property must hold no control characters, invisible characters or marks of direction' }),
  );
}

/** The end of a span of days: not before the field it begins with, where that is given. */
export function IsNotBefore(first: string): PropertyDecorator {
  return ValidateBy({
    name: 'order',
    validator: {
      validate: (value, given) => {
        const from = (given?.object as Readonly<Record<string, unknown>> | undefined)?.[first];
        return typeof value !== 'string' || typeof from !== 'string' || value >= from;
      },
      defaultMessage: () => `$property must not be before ${first}`,
    },
  });
}

/** The field may be left out, but `null` is not the same as leaving it out: it is refused by the field's other rules. */
export function MayBeLeftOut(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** What is no credit code stays as it is, for the rule to refuse. */
function inOneSpelling(value: unknown): unknown {
  return isCreditCodeShape(value) ? creditCode(value) : value;
}

function isCreditCodeShape(value: unknown): boolean {
  // The kernel trims and upper-cases; anything much longer than a code is refused before that.
  if (typeof value !== 'string' || value.length > 64) return false;
  try {
    creditCode(value);
    return true;
  } catch {
    return false;
  }
}

function rule(name: string, validate: (value: unknown) => boolean, message: string, options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    { name, validator: { validate, defaultMessage: buildMessage((each) => `${each}$property ${message}`, options) } },
    options,
  );
}

import { type ValidationError, ValidationPipe } from '@nestjs/common';
import { type FieldError, invalid } from '@app/kernel';

/** Checks every body and query against its DTO: unknown fields, wrong types and broken rules are named one by one. */
export function inputValidation(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: false,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => {
      const fields = errors.flatMap((error) => fieldErrors(error, ''));
      return invalid('invalid-input', fields.map(({ message }) => message).join('; ') || 'the input is not valid', fields);
    },
  });
}

function fieldErrors(error: ValidationError, parent: string): readonly FieldError[] {
  const field = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
    field,
    rule,
    message: message.replace(/^property /, ''),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, field))];
}

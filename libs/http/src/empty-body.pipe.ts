import type { PipeTransform } from '@nestjs/common';
import { invalidField } from '@app/kernel';

/** For commands without fields: anything sent is one too many, and is named. */
export class EmptyBodyPipe implements PipeTransform<unknown, undefined> {
  transform(value: unknown): undefined {
    if (value === undefined || value === null || value === '') return undefined;
    const [field] = typeof value === 'object' ? Object.keys(value) : ['body'];
    if (field !== undefined || Array.isArray(value))
      throw invalidField(field ?? 'body', 'unknown-field', 'should not exist: this command takes no fields');
    return undefined;
  }
}

import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { invalidField } from '@app/kernel';

const WHOLE_NUMBER = /^[1-9]\d{0,8}$/;

/** A number in the path that counts from 1: an instalment, a clawback, an objection. @throws Problem `invalid-input` naming the parameter. */
@Injectable()
export class WholeNumberPipe implements PipeTransform<string, number> {
  transform(value: string, { data }: ArgumentMetadata): number {
    if (!WHOLE_NUMBER.test(value)) throw invalidField(data ?? 'number', 'whole-number', 'must be a whole number from 1, such as 2');
    return Number(value);
  }
}

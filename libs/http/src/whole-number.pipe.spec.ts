import { describe, expect, it } from '@jest/globals';
import { Problem } from '@app/kernel';
import { WholeNumberPipe } from './whole-number.pipe.js';

const read = (text: string) => new WholeNumberPipe().transform(text, { type: 'param', metatype: Number, data: 'objection' });

describe('a number in the path', () => {
  it('counts from 1', () => {
    expect(['1', '20', '999999999'].map(read)).toEqual([1, 20, 999_999_999]);
  });

  it.each(['', '0', '-1', '01', '1.0', '1e2', '0x1', ' 1', 'one', '１', '9'.repeat(10)])(
    'is not %j, and the parameter is named',
    (text) => {
      let problem: unknown;
      try {
        read(text);
      } catch (error) {
        problem = error;
      }
      expect(problem).toBeInstanceOf(Problem);
      expect(problem).toMatchObject({ kind: 'invalid', code: 'invalid-input', errors: [{ field: 'objection', rule: 'whole-number' }] });
    },
  );
});

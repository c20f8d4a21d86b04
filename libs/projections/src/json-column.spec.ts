import { describe, expect, it, jest } from '@jest/globals';
import { JsonColumn } from './json-column.js';

interface NoteRow {
  readonly id: string;
  readonly content: string;
}

describe('JsonColumn', () => {
  it('reads what a row says, once', () => {
    const column = new JsonColumn<NoteRow, 'content', { readonly sum: number }>('content');
    const row = { id: 'a', content: '{"sum":7}' };
    const parse = jest.spyOn(JSON, 'parse');
    const value = column.in(row);
    expect(column.in(row)).toBe(value);
    expect(value).toEqual({ sum: 7 });
    expect(parse).toHaveBeenCalledTimes(1);
    parse.mockRestore();
    expect(column.in({ ...row, content: '{"sum":8}' })).toEqual({ sum: 8 });
  });

  it('makes rows that say what they were made of, as those read from a table do', () => {
    const column = new JsonColumn<NoteRow, 'content', readonly number[]>('content');
    const row = column.row({ id: 'a' }, [1, 2]);
    expect(row).toEqual({ id: 'a', content: '[1,2]' });
    expect(column.in(row)).toEqual(new JsonColumn<NoteRow, 'content', readonly number[]>('content').in({ ...row }));
  });
});

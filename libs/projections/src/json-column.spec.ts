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
    expect([row.id, row.content]).toEqual(['a', '[1,2]']);
    expect(column.in(row)).toEqual(column.in({ id: 'a', content: row.content }));
  });

  it('makes their text once, and not before somebody asks for it', () => {
    const column = new JsonColumn<NoteRow, 'content', readonly number[]>('content');
    const stringify = jest.spyOn(JSON, 'stringify');
    const row = column.row({ id: 'a' }, [1, 2]);
    expect(column.in(row)).toEqual([1, 2]);
    expect(stringify).not.toHaveBeenCalled();
    expect([row.content, row.content]).toEqual(['[1,2]', '[1,2]']);
    expect(stringify).toHaveBeenCalledTimes(1);
    stringify.mockRestore();
  });
});

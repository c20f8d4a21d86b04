import { describe, expect, it } from '@jest/globals';
import { correlationIdOf } from './correlation.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
const FRESH = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('the correlation id of a request', () => {
  it('is the caller’s own, before that of a trace', () => {
    expect(correlationIdOf({ 'x-correlation-id': 'case-42' })).toBe('case-42');
    expect(correlationIdOf({ 'x-correlation-id': 'case-42', traceparent })).toBe('case-42');
    expect(correlationIdOf({ traceparent })).toBe(TRACE);
  });
  it.each(['', ' ', 'a b', '案件', 'a'.repeat(65), 'a,b', 'a\nlevel', '"'])('is none such as %j', (bad) => {
    expect(correlationIdOf({ 'x-correlation-id': bad })).toMatch(FRESH);
    expect(correlationIdOf({ 'x-correlation-id': bad, traceparent })).toBe(TRACE);
  });
  it.each([
    `01-${TRACE}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7`,
    `${traceparent}-more`,
    TRACE,
  ])('takes no trace such as %s', (bad) => expect(correlationIdOf({ traceparent: bad })).toMatch(FRESH));
  it('is another each time when none is given', () => expect(correlationIdOf({})).not.toBe(correlationIdOf({})));
});

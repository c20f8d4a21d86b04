import { describe, expect, it } from '@jest/globals';
import { ErrorType } from '@eventstore/db-client';
import { status as grpcStatus } from '@grpc/grpc-js';
import { classify, symptomOf, type Verdict } from './classify.js';

const EXPECTED: Readonly<Record<Verdict, readonly string[]>> = {
  conflict: ['wrong-expected-version'],
  retry: ['not-leader'],
  unknown: ['timeout', 'deadline-exceeded', 'unavailable', 'cancelled', 'unknown'],
  fatal: [
    ...['access-denied', 'invalid-argument', 'invalid-transaction', 'maximum-append-size-exceeded', 'missing-required-metadata-property'],
    ...[
      'no-stream',
      'not-found',
      'scavenge-not-found',
      'stream-deleted',
      'stream-not-found',
      'unsupported',
      'user-conflict',
      'user-not-found',
    ],
    ...['maximum-subscribers-reached', 'persistent-subscription-does-not-exist', 'persistent-subscription-dropped'],
    ...['persistent-subscription-exists', 'persistent-subscription-failed'],
  ],
};

const FATAL_CODES = [
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'UNAUTHENTICATED',
];

describe('what a failed call means', () => {
  it('is said of every error type the client has', () => {
    expect(Object.values(EXPECTED).flat().sort()).toEqual(Object.values(ErrorType).sort());
    for (const [verdict, types] of Object.entries(EXPECTED))
      for (const type of types) expect([type, classify({ type })]).toEqual([type, verdict]);
  });

  it.each(Object.entries(grpcStatus).filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[0] !== 'OK'))(
    'is said of gRPC %s, on a plain error and on one the client could not name',
    (name, code) => {
      const verdict = FATAL_CODES.includes(name) ? 'fatal' : 'unknown';
      expect(classify({ code })).toBe(verdict);
      expect(classify({ type: 'unknown', code })).toBe(verdict);
    },
  );

  it('goes by the type where that says something: a node that does not lead answers NOT_FOUND', () => {
    expect(classify({ type: 'not-leader', code: grpcStatus.NOT_FOUND })).toBe('retry');
    expect(classify({ type: 'wrong-expected-version', code: grpcStatus.FAILED_PRECONDITION })).toBe('conflict');
  });

  it.each([{}, { type: 'of-a-later-client' }, { code: 99 }, { type: 'toString' }, { type: 'unknown' }])(
    'is never that nothing was done, where nothing is known: %j',
    (symptom) => expect(classify(symptom)).toBe('unknown'),
  );

  it.each<[unknown, object]>([
    [new Error('Failed to discover after 10 attempts.'), {}],
    [Object.assign(new Error('x'), { type: 'unavailable', code: 14 }), { type: 'unavailable', code: 14 }],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), {}],
    ['thrown text', {}],
    [null, {}],
    [undefined, {}],
  ])('is read off whatever was thrown: %p', (error, symptom) => expect(symptomOf(error)).toEqual(symptom));
});

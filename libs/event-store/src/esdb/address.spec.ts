import { describe, expect, it } from '@jest/globals';
import { parseAddress, shown } from './address.js';

describe('the address of the event store', () => {
  it.each([
    ['esdb://localhost', { hosts: [{ address: 'localhost', port: 2113 }], discover: false, tls: true }],
    ['esdb://10.0.0.5:2114/?tls=false', { hosts: [{ address: '10.0.0.5', port: 2114 }], discover: false, tls: false }],
    [
      'esdb://ledger:p%40ss%3Aword@node1:2113,node2?tlsCAFile=%2Fcerts%2Fca.crt&keepAliveInterval=10000',
      {
        hosts: [
          { address: 'node1', port: 2113 },
          { address: 'node2', port: 2113 },
        ],
        discover: true,
        tls: true,
        credentials: { username: 'ledger', password: 'p@ss:word' },
        caFile: '/certs/ca.crt',
        keepAliveInterval: 10_000,
      },
    ],
    [
      'esdb+discover://cluster.example:2113?nodePreference=leader&throwOnAppendFailure=true&gossipTimeout=3',
      { hosts: [{ address: 'cluster.example', port: 2113 }], discover: true, tls: true, gossipTimeout: 3 },
    ],
  ])('is read from %s', (text, address) => expect(parseAddress(text)).toEqual(address));

  it.each([
    'http://ledger:s3cret-word@node:2113',
    'esdb://ledger:s3cret-word@',
    'esdb://ledger:s3cret-word@@node',
    'esdb://ledger:s3cret-word%zz@node',
    'esdb://ledger:s3cret-word@no de:2113',
    'esdb://ledger:s3cret-word@node:99999',
    'esdb://ledger:s3cret-word@node?tls=perhaps',
    'esdb://ledger:s3cret-word@node?tlsVerifyCert=false',
    'esdb://ledger:s3cret-word@node?throwOnAppendFailure=false',
    'esdb://ledger:s3cret-word@node?nodePreference=follower',
    'esdb://ledger:s3cret-word@node?unheardOf=1',
    'esdb://ledger:s3cret-word@node?keepAliveInterval=soon',
    'esdb://ledger:s3cret-word@node?userCertFile=a',
    's3cret-word',
  ])('is refused, without a word of it, when it is %s', (text) => {
    let problem: unknown;
    try {
      parseAddress(text);
    } catch (error) {
      problem = error;
    }
    expect(problem).toMatchObject({ kind: 'invalid', code: 'store-address' });
    expect(JSON.stringify([problem, (problem as Error).message, (problem as Error).stack?.split('\n')[0]])).not.toMatch(/s3cret|ledger:/);
  });

  it('is shown without user and password', () => {
    expect(shown(parseAddress('esdb://ledger:s3cret-word@node1:2113,node2:2114'))).toBe('esdb+discover://node1:2113,node2:2114');
  });
});

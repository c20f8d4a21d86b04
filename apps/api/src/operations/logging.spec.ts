import { Writable } from 'node:stream';
import { afterAll, describe, expect, it } from '@jest/globals';
import Fastify from 'fastify';
import { addCorrelation, correlationIdOf } from '@app/http';
import { FrameworkLog, openLog } from './logging.js';

/** What a process of this format writes, a line after the other. */
async function logOf(logFormat: 'json' | 'text') {
  const lines: string[] = [];
  const written = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(line.toString('utf8'));
      done();
    },
  });
  return { log: new FrameworkLog(await openLog({ role: 'worker', logLevel: 'info', logFormat }, written)), lines };
}

describe('the log of a process', () => {
  const fastify = Fastify({ genReqId: ({ headers }) => correlationIdOf(headers) });
  afterAll(() => fastify.close());

  it('is an object a line, which names the request that brought it about and nothing where there is none', async () => {
    const { log, lines } = await logOf('json');
    addCorrelation(fastify);
    fastify.post('/', async () => {
      await new Promise(setImmediate);
      log.warn('within', 'spec');
      return {};
    });
    const url = await fastify.listen({ port: 0, host: '127.0.0.1' });
    const headers = { 'x-correlation-id': 'case-42', 'content-type': 'application/json' };
    expect((await fetch(url, { method: 'POST', headers, body: '{}' })).status).toBe(200);
    log.error(new Error('outside'), undefined, 'spec');
    const [within, outside] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(within).toMatchObject({ level: 'warn', process: 'worker', context: 'spec', message: 'within', correlationId: 'case-42' });
    expect(within?.['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(outside).toMatchObject({ level: 'error', process: 'worker', context: 'spec', message: 'outside' });
    expect(outside).not.toHaveProperty('correlationId');
  });

  it('is a line for people where one is asked for, and keeps the chatter of the framework for those who look closely', async () => {
    const { log, lines } = await logOf('text');
    log.log('Nest application successfully started', 'NestApplication');
    log.log('ready', 'ledger');
    while (lines.length === 0) await new Promise(setImmediate);
    expect(lines.join('')).toMatch(/^\S*\[?\d\d:\d\d:\d\d.*INFO.*ready.*ledger.*\n$/);
  });
});

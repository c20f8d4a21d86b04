/**
 * The environment of specs that work in virtual time (`virtual-time.ts`). Modules of a spec keep what they import from
 * `node:timers/promises`, whatever becomes of it later; here that asks the timers the spec has at the moment. The specs that
 * follow in the same process find it, and the connections that `in-process.mjs` leads elsewhere, as they were.
 */
import net from 'node:net';
import timersPromises from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';

const original = { ...timersPromises };
const { connect } = net;

export default class extends TestEnvironment {
  async setup() {
    await super.setup();
    const { global } = this;
    /** As `timers/promises` has it: refused when the signal is given first. */
    const promised = (start, clear, value, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const aborted = () => {
          clear(timer);
          reject(signal.reason);
        };
        const timer = start(() => {
          signal?.removeEventListener('abort', aborted);
          resolve(value);
        });
        signal?.addEventListener('abort', aborted, { once: true });
      });
    Object.assign(timersPromises, {
      setTimeout: (ms, value, { signal } = {}) => promised((then) => global.setTimeout(then, ms), global.clearTimeout, value, signal),
      setImmediate: (value, { signal } = {}) => promised((then) => global.setImmediate(then), global.clearImmediate, value, signal),
    });
  }

  async teardown() {
    Object.assign(timersPromises, original);
    net.connect = connect;
    await super.teardown();
  }
}

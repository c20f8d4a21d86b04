/**
 * Makes the user the ledger writes as in EventStoreDB, or gives it its password again, and sets the rights a ledger needs
 * (`ledger store setup`). LEDGER_ESDB_ADMIN_URL_FILE names an administrator's address, LEDGER_ESDB_URL_FILE the ledger's.
 *
 * A cluster that has just started has no leader for a while, nodes that lag, and no users yet: what may pass is tried again,
 * for five minutes or as many seconds as the argument says.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const ROLE = 'ledger';
const PAUSE_MS = 1_000;
/** How long one answer may take. */
const ANSWER_MS = 10_000;
/** Where `ledger` says that a store is not available: EXIT in apps/cli/src/output.ts. */
const UNAVAILABLE = 3;

function addressIn(file) {
  const [, user, password, hosts] = /^esdb(?:\+discover)?:\/\/([^:@]+):([^@]+)@([^/?]+)/.exec(readFileSync(file, 'utf8').trim()) ?? [];
  if (hosts === undefined) throw new Error(`${file} holds no address with a user and a password`);
  return { user: decodeURIComponent(user), password: decodeURIComponent(password), hosts: hosts.split(',') };
}

const admin = addressIn(process.env.LEDGER_ESDB_ADMIN_URL_FILE);
const service = addressIn(process.env.LEDGER_ESDB_URL_FILE);
const authorization = `Basic ${Buffer.from(`${admin.user}:${admin.password}`).toString('base64')}`;
const until = Date.now() + Number(process.argv[2] ?? 300) * 1_000;

/** A node that does not lead may name another one; that is as good as no answer, since all are asked in turn. */
const maySoonBeOtherwise = (status) => (status >= 300 && status < 400) || [401, 408, 429].includes(status) || status >= 500;

async function makeUser(attempt) {
  const host = admin.hosts[attempt % admin.hosts.length];
  const post = (path, body) =>
    fetch(`https://${host}${path}`, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS),
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const making = `the making of its user ${service.user}`;
  try {
    let answer = await post('/users/', { loginName: service.user, fullName: 'policy ledger', groups: [ROLE], password: service.password });
    if (answer.status === 409)
      answer = await post(`/users/${encodeURIComponent(service.user)}/command/reset-password`, { newPassword: service.password });
    if (answer.ok) return undefined;
    return { trouble: `the event store at ${host} answers ${answer.status} to ${making}`, passes: maySoonBeOtherwise(answer.status) };
  } catch (error) {
    return { trouble: `the event store at ${host} does not answer to ${making} (${error.cause?.code ?? error.name})`, passes: true };
  }
}

function setRights() {
  const { status } = spawnSync(process.execPath, ['dist/programs/ledger.js', 'store', 'setup', '--role', ROLE], { stdio: 'inherit' });
  return status === 0 ? undefined : { trouble: `ledger store setup ends with ${status}`, passes: status === UNAVAILABLE };
}

for (const step of [makeUser, setRights]) {
  for (let attempt = 0; ; attempt += 1) {
    const found = await step(attempt);
    if (found === undefined) break;
    const isLast = !found.passes || Date.now() >= until;
    process.stderr.write(`${found.trouble}; ${isLast ? 'the store is not prepared' : 'trying again'}\n`);
    if (isLast) process.exit(UNAVAILABLE);
    await sleep(PAUSE_MS);
  }
}

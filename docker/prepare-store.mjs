/**
 * Makes the user the ledger writes as in EventStoreDB, or gives it its password again, and sets the rights a ledger needs
 * (`ledger store setup`). LEDGER_ESDB_ADMIN_URL_FILE names an administrator's address, LEDGER_ESDB_URL_FILE the ledger's.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const ROLE = 'ledger';

function addressIn(file) {
  const [, user, password, hosts] = /^esdb(?:\+discover)?:\/\/([^:@]+):([^@]+)@([^/?]+)/.exec(readFileSync(file, 'utf8').trim()) ?? [];
  if (hosts === undefined) throw new Error(`${file} holds no address with a user and a password`);
  return { user: decodeURIComponent(user), password: decodeURIComponent(password), host: hosts.split(',')[0] };
}

const admin = addressIn(process.env.LEDGER_ESDB_ADMIN_URL_FILE);
const service = addressIn(process.env.LEDGER_ESDB_URL_FILE);
const authorization = `Basic ${Buffer.from(`${admin.user}:${admin.password}`).toString('base64')}`;
const post = (path, body) =>
  fetch(`https://${admin.host}${path}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

let answer = await post('/users/', { loginName: service.user, fullName: 'policy ledger', groups: [ROLE], password: service.password });
if (answer.status === 409)
  answer = await post(`/users/${encodeURIComponent(service.user)}/command/reset-password`, { newPassword: service.password });
if (!answer.ok) {
  process.stderr.write(`the event store answers ${answer.status} to the making of its user ${service.user}\n`);
  process.exit(3);
}
const { status } = spawnSync(process.execPath, ['dist/programs/ledger.js', 'store', 'setup', '--role', ROLE], { stdio: 'inherit' });
process.exit(status ?? 3);

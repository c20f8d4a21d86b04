/** A stand-in node as the nodes of a province are: with a certificate, and with users who may do what the rights say. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMINS } from './access.mjs';
import { Authority } from './authority.mjs';
import { StandInNode } from './node.mjs';

export const GROUPS = { service: 'ledger', projector: 'ledger-readers' };
const USERS = {
  admin: { password: 'p4ss of admin', groups: [ADMINS] },
  // An administrator whose name does not say so.
  chief: { password: 'p4ss of chief', groups: [GROUPS.service, ADMINS] },
  office: { password: 'p4ss of office', groups: [GROUPS.service] },
  follower: { password: 'p4ss of follower', groups: [GROUPS.projector] },
  stranger: { password: 'p4ss of stranger', groups: [] },
};

export class SecuredNode {
  #folder = mkdtempSync(join(tmpdir(), 'ledger-secured-'));
  authority;
  node;

  static async start(options = {}) {
    const secured = new SecuredNode();
    secured.authority = await Authority.make();
    const tls = await secured.authority.certify('node', options.hosts ?? ['localhost'], options.hoursLeft);
    secured.node = await StandInNode.start({ ...options, tls, users: USERS });
    return secured;
  }

  /** A file with what is to be read from one. */
  file(name, content) {
    const path = join(this.#folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  urlOf(user, password = USERS[user].password) {
    const authority = this.file('authority.crt', this.authority.certificate);
    const [scheme, rest] = this.node.url.split('//');
    return `${scheme}//${user}:${encodeURIComponent(password)}@${rest}?tlsCAFile=${encodeURIComponent(authority)}`;
  }

  async stop() {
    await this.node.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

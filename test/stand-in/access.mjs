/**
 * Who may do what on a stand-in node, as a server judges it: by the rights of the stream, where it has none by those of
 * `$settings`, and else by those a server is delivered with. Whoever does not say who he is may do nothing.
 */
export const ADMINS = '$admins';
const EVERYBODY = '$all';
const DELIVERED = { user: EVERYBODY, system: ADMINS };

export class Access {
  #log;
  #users;

  /** `log` answers the node's log; `users` have a `password` and `groups`, by name. */
  constructor(log, users) {
    this.#log = log;
    this.#users = users;
  }

  /** What the rights may call whoever makes a call: by his name and his groups; nothing for a wrong name or password. */
  rolesOf(metadata) {
    const [authorization] = metadata.get('authorization');
    if (authorization === undefined) return [];
    const [, name, password] = /^([^:]*):(.*)$/.exec(Buffer.from(String(authorization).replace('Basic ', ''), 'base64').toString()) ?? [];
    const user = Object.hasOwn(this.#users, name) ? this.#users[name] : undefined;
    return user !== undefined && user.password === password ? [name, ...user.groups, EVERYBODY] : undefined;
  }

  /** Whether they have a right (`$r`, `$w`, `$d`) to a stream; those to its metadata are rights of their own. */
  permits(roles, right, stream) {
    if (roles.includes(ADMINS)) return true;
    const isMetadata = stream.startsWith('$$');
    const subject = isMetadata ? stream.slice(2) : stream;
    const needed = isMetadata ? right.replace('$', '$m') : right;
    const kind = subject.startsWith('$') ? 'system' : 'user';
    const granted =
      this.#latest(`$$${subject}`)?.$acl?.[needed] ?? this.#latest('$settings')?.[`$${kind}StreamAcl`]?.[needed] ?? DELIVERED[kind];
    return [granted].flat().some((role) => roles.includes(role));
  }

  #latest(stream) {
    const last = this.#log().whole(stream).at(-1);
    return last && JSON.parse(last.data.toString());
  }
}

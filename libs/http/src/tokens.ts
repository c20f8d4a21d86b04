import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, unlinkSync, writeFileSync, statSync } from 'node:fs';
import { errors, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { type Actor, type Clock, LEDGER_ACTOR, type PersonRole, Problem, ROLES } from '@app/kernel';

const ISSUER = 'policy-ledger';
const ALGORITHM = 'HS256';
const KEY_BYTES = 32;
const REMEMBERED_TOKENS = 2_000;
const LONGEST_LIFE_SECONDS = 366 * 86_400;

interface Verified {
  readonly actor: Actor;
  readonly expiresAtMs: number;
}

/**
 * One spelling for each person, because duties are kept apart by these ids: small Latin letters, digits and Han
 * characters, so that neither case nor look-alikes make two people of one. The ledger's own id is nobody's.
 */
export function isActorId(id: string): boolean {
  return /^[a-z0-9\p{Script=Han}][a-z0-9\p{Script=Han}._@-]{0,63}$/u.test(id) && id === id.normalize('NFKC') && id !== LEDGER_ACTOR.id;
}

/** Issues and checks the bearer tokens (RFC 7519) of an embedded ledger with a key that never leaves its data folder. */
export class Tokens {
  private readonly verified = new LRUCache<string, Verified>({ max: REMEMBERED_TOKENS });

  constructor(
    private readonly key: Uint8Array,
    private readonly clock: Clock,
  ) {}

  /**
   * Reads the key file, or makes one that only its owner can read.
   * @throws Problem `token-key-unusable` (unavailable) for one that others can read or that holds no key.
   */
  static fromKeyFile(file: string, clock: Clock): Tokens {
    if (!existsSync(file)) createKeyFile(file);
    if ((statSync(file).mode & 0o077) !== 0) throw unusable(`${file} can be read by others: chmod 600 it, and renew it if they may have`);
    const text = readFileSync(file, 'utf8').trim();
    if (!/^[0-9a-f]{64}$/.test(text)) throw unusable(`${file} does not hold a token key of ${KEY_BYTES} bytes in hex`);
    return new Tokens(Buffer.from(text, 'hex'), clock);
  }

  /** Signs a token for a person. @throws Problem `token-request` for an empty id, no role or a life beyond a year. */
  async issue(actor: Actor, lifeSeconds: number): Promise<string> {
    const known = actor.roles.length > 0 && actor.roles.every((role) => (ROLES as readonly string[]).includes(role));
    if (!isActorId(actor.id) || actor.unit.length === 0 || actor.unit.length > 128 || !known) {
      throw new Problem('invalid', 'token-request', `a token needs an actor id, a unit and at least one role of ${ROLES.join(', ')}`);
    }
    if (!Number.isInteger(lifeSeconds) || lifeSeconds < 60 || lifeSeconds > LONGEST_LIFE_SECONDS) {
      throw new Problem('invalid', 'token-request', 'a token lives between one minute and 366 days');
    }
    const now = Math.floor(this.clock.now().getTime() / 1000);
    return new SignJWT({ unit: actor.unit, roles: [...actor.roles] })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setAudience(ISSUER)
      .setSubject(actor.id)
      .setIssuedAt(now)
      .setExpirationTime(now + lifeSeconds)
      .sign(this.key);
  }

  /** Who a token stands for. @throws Problem `token-invalid` or `token-expired` (unauthenticated). */
  async verify(token: string): Promise<Actor> {
    const nowMs = this.clock.now().getTime();
    const known = this.verified.get(token);
    if (known !== undefined && known.expiresAtMs > nowMs) return known.actor;
    try {
      const { payload } = await jwtVerify(token, this.key, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: ISSUER,
        requiredClaims: ['sub', 'exp', 'unit', 'roles'],
        currentDate: new Date(nowMs),
      });
      const roles = Array.isArray(payload['roles'])
        ? payload['roles'].filter((role): role is PersonRole => (ROLES as readonly unknown[]).includes(role))
        : [];
      if (roles.length === 0 || typeof payload['unit'] !== 'string' || !isActorId(payload.sub ?? '')) {
        throw new Problem('unauthenticated', 'token-invalid', 'the token carries no known role or no proper actor id');
      }
      const actor: Actor = { id: payload.sub as string, unit: payload['unit'], roles };
      this.verified.set(token, { actor, expiresAtMs: (payload.exp as number) * 1000 });
      return actor;
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (error instanceof errors.JWTExpired) throw new Problem('unauthenticated', 'token-expired', 'the token has expired');
      throw new Problem('unauthenticated', 'token-invalid', 'the bearer token is not valid here');
    }
  }
}

function unusable(detail: string): Problem {
  return new Problem('unavailable', 'token-key-unusable', detail);
}

/** Written whole beside its place and then linked there: nobody ever finds half a key, and of two who make one the first wins. */
function createKeyFile(file: string): void {
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
}

/** A certificate authority for tests and what it has signed: made when they are needed, so that no key is ever kept. */
import 'reflect-metadata';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;
/** Virtual time may be far ahead of the clock by which certificates are judged. */
const GOOD_SINCE_HOURS = 24 * 365;
/** Longer than any run of tests. */
const GOOD_FOR_HOURS = 240;

const keysFor = () => crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

export class Authority {
  #keys;
  #certificate;

  static async make() {
    const authority = new Authority();
    authority.#keys = await keysFor();
    authority.#certificate = await X509CertificateGenerator.createSelfSigned({
      name: 'CN=authority of tests',
      keys: authority.#keys,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(Date.now() - GOOD_SINCE_HOURS * HOUR_MS),
      notAfter: new Date(Date.now() + GOOD_FOR_HOURS * HOUR_MS),
      extensions: [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
    });
    return authority;
  }

  get certificate() {
    return this.#certificate.toString('pem');
  }

  async certify(name, hosts, hoursLeft = GOOD_FOR_HOURS) {
    const keys = await keysFor();
    const certificate = await X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: this.#certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(Date.now() - GOOD_SINCE_HOURS * HOUR_MS),
      notAfter: new Date(Date.now() + hoursLeft * HOUR_MS),
      extensions: [
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))),
      ],
    });
    const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
    return { certificate: certificate.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') };
  }
}

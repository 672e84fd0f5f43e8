import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import {
  bitString,
  boolean,
  der,
  explicit,
  integer,
  octetString,
  oid,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

/** A certificate with its private key, both PEM. Printing or serializing it shows the certificate only. */
export class KeyedCertificate {
  readonly certificate: string;
  readonly #key: string;

  constructor(certificate: string, key: string) {
    this.certificate = certificate;
    this.#key = key;
  }

  /** The private key, PKCS#8 PEM. */
  get key(): string {
    return this.#key;
  }

  get notBefore(): number {
    return new X509Certificate(this.certificate).validFromDate.getTime();
  }

  get notAfter(): number {
    return new X509Certificate(this.certificate).validToDate.getTime();
  }

  toJSON(): unknown {
    return { certificate: this.certificate, key: '<redacted>' };
  }
}

export interface CertificateOptions {
  readonly commonName: string;
  readonly organization?: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** DNS names and IP addresses. */
  readonly names?: readonly string[];
}

/** A self-signed certificate authority (ECDSA P-256). */
export function createAuthority(options: CertificateOptions): KeyedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = [
    extension('2.5.29.19', true, sequence(boolean(true))),
    // keyCertSign and cRLSign.
    extension('2.5.29.15', true, bitString(Buffer.from([0x06]), 1)),
    extension('2.5.29.14', false, octetString(keyId(publicKey))),
  ];
  return build(options, nameOf(options), publicKey, privateKey, privateKey, extensions);
}

/** A server certificate signed by the authority. */
export function issueServerCertificate(
  authority: KeyedCertificate,
  options: CertificateOptions,
): KeyedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = new X509Certificate(authority.certificate);
  const extensions = [
    extension('2.5.29.19', true, sequence()),
    extension('2.5.29.15', true, bitString(Buffer.from([0x80]), 7)),
    extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.35', false, sequence(der(0x80, keyId(issuer.publicKey)))),
    extension('2.5.29.17', false, sequence(...(options.names ?? []).map(generalName))),
  ];
  const signer = createPrivateKey(authority.key);
  return build(options, subjectOf(issuer), publicKey, privateKey, signer, extensions);
}

/** Whether the pair belongs together, is a CA and is valid at `now` (milliseconds). */
export function isUsableAuthority(authority: KeyedCertificate, now: number): boolean {
  try {
    const certificate = new X509Certificate(authority.certificate);
    const matches = certificate.checkPrivateKey(createPrivateKey(authority.key));
    return (
      matches &&
      certificate.ca &&
      certificate.validFromDate.getTime() <= now &&
      now < certificate.validToDate.getTime()
    );
  } catch {
    return false;
  }
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

function build(
  options: CertificateOptions,
  issuer: Buffer,
  publicKey: KeyObject,
  privateKey: KeyObject,
  signer: KeyObject,
  extensions: readonly Buffer[],
): KeyedCertificate {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x01;
  const body = sequence(
    explicit(0, integer(2)),
    integer(serial),
    ecdsaWithSha256,
    issuer,
    sequence(time(options.notBefore), time(options.notAfter)),
    nameOf(options),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, signer);
  const certificate = sequence(body, ecdsaWithSha256, bitString(signature));
  return new KeyedCertificate(
    pem(certificate),
    privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  );
}

function nameOf({ commonName, organization }: CertificateOptions): Buffer {
  const attribute = (type: string, value: string) => set(sequence(oid(type), utf8String(value)));
  return sequence(
    ...(organization ? [attribute('2.5.4.10', organization)] : []),
    attribute('2.5.4.3', commonName),
  );
}

/** The issuer's name as its own certificate has it: lines `O=…` and `CN=…`. */
function subjectOf(issuer: X509Certificate): Buffer {
  const fields = Object.fromEntries(
    issuer.subject.split('\n').map((line) => line.split('=') as [string, string]),
  );
  const organization = fields['O'];
  return nameOf({
    commonName: fields['CN'] ?? '',
    notBefore: 0,
    notAfter: 0,
    ...(organization && { organization }),
  });
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function generalName(name: string): Buffer {
  if (isIP(name) === 4) return der(0x87, Buffer.from(name.split('.').map(Number)));
  return der(0x82, Buffer.from(name, 'ascii'));
}

/** RFC 5280 §4.2.1.2, method 1: SHA-1 of the public key's bits. */
function keyId(key: KeyObject): Buffer {
  const jwk = createPublicKey(key.export({ type: 'spki', format: 'pem' })).export({ format: 'jwk' });
  const point = Buffer.concat([
    Buffer.from([4]),
    Buffer.from(jwk.x as string, 'base64url'),
    Buffer.from(jwk.y as string, 'base64url'),
  ]);
  return createHash('sha1').update(point).digest();
}

function pem(content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

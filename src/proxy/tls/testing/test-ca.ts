import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface TestCertificate {
  readonly chainPem: string;
  readonly keyPem: string;
}

export interface LeafOptions {
  readonly dns?: string[];
  readonly uri?: string[];
  /** Attributes by OID's short name, first one first: `{ CN: 'leaf' }`. */
  readonly subject?: Record<string, string>;
  readonly notAfter?: Date;
  readonly keyType?: 'ec' | 'rsa';
}

const oids: Record<string, string> = {
  CN: '550403',
  O: '55040a',
  sanExtension: '551d11',
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  extendedKeyUsage: '551d25',
  ecdsaSha256: '2a8648ce3d040302',
};

/** A certificate authority of a test; writes its certificates' DER itself, so that names no library would issue can be issued. */
export class TestCa {
  readonly pem: string;
  readonly #name: string;
  readonly #key: KeyObject;

  constructor(name = 'Test CA') {
    this.#name = name;
    const { publicKey, privateKey } = newKey('ec');
    this.#key = privateKey;
    const extensions = [
      extension('basicConstraints', sequence(der(0x01, Buffer.from([0xff])))),
      extension('keyUsage', der(0x03, Buffer.from([1, 0x06]))),
    ];
    this.pem = this.#certificate({ CN: name }, publicKey, new Date(Date.now() + 86_400_000), extensions);
  }

  issue(options: LeafOptions): TestCertificate {
    const { publicKey, privateKey } = newKey(options.keyType ?? 'ec');
    const names = [
      ...(options.dns ?? []).map((value) => der(0x82, Buffer.from(value, 'latin1'))),
      ...(options.uri ?? []).map((value) => der(0x86, Buffer.from(value, 'latin1'))),
    ];
    const usages = ['2b06010505070301', '2b06010505070302'].map((oid) => der(0x06, Buffer.from(oid, 'hex')));
    const extensions = [extension('extendedKeyUsage', sequence(...usages))];
    if (names.length > 0) extensions.push(extension('sanExtension', sequence(...names)));
    const notAfter = options.notAfter ?? new Date(Date.now() + 3600_000);
    return {
      chainPem: this.#certificate(options.subject ?? { CN: 'leaf' }, publicKey, notAfter, extensions),
      keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    };
  }

  #certificate(
    subject: Record<string, string>,
    key: KeyObject,
    notAfter: Date,
    extensions: Buffer[],
  ): string {
    const algorithm = sequence(der(0x06, Buffer.from(oids['ecdsaSha256'] as string, 'hex')));
    const serial = Buffer.from('0a1b2c', 'hex');
    const tbs = sequence(
      der(0xa0, der(0x02, Buffer.from([2]))),
      der(0x02, serial),
      algorithm,
      distinguishedName({ CN: this.#name }),
      sequence(time(new Date(Date.now() - 7200_000)), time(notAfter)),
      distinguishedName(subject),
      key.export({ type: 'spki', format: 'der' }),
      der(0xa3, sequence(...extensions)),
    );
    const signature = sign('sha256', tbs, this.#key);
    const certificate = sequence(tbs, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
    const lines = certificate
      .toString('base64')
      .match(/.{1,64}/g)
      ?.join('\n');
    return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  }
}

function newKey(type: 'ec' | 'rsa'): { publicKey: KeyObject; privateKey: KeyObject } {
  if (type === 'ec') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), body]);
}

function sequence(...content: Buffer[]): Buffer {
  return der(0x30, ...content);
}

function distinguishedName(attributes: Record<string, string>): Buffer {
  const sets = Object.entries(attributes).map(([name, value]) =>
    der(0x31, sequence(der(0x06, Buffer.from(oids[name] as string, 'hex')), der(0x0c, Buffer.from(value)))),
  );
  return sequence(...sets);
}

function time(date: Date): Buffer {
  const text = date
    .toISOString()
    .replace(/[-:T]|\.\d+/g, '')
    .slice(2);
  return der(0x17, Buffer.from(text));
}

function extension(name: string, value: Buffer): Buffer {
  return sequence(der(0x06, Buffer.from(oids[name] as string, 'hex')), der(0x04, value));
}

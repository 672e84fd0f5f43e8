import { createHash } from 'node:crypto';
import { type DerElement, DerTag, derChildren, derContent, derOid, readDer } from './der.ts';
import type { SanType } from './options.ts';

export interface SubjectName {
  readonly type: SanType | 'other';
  readonly value: string;
}

/** What policies, logs and headers say about a certificate, read from its DER form. */
export interface CertificateFacts {
  /** RFC 2253, last attribute first. */
  readonly subject: string;
  readonly issuer: string;
  /** Lower-case hex. */
  readonly serial: string;
  readonly sans: readonly SubjectName[];
  readonly commonName: string;
  readonly validFromMs: number;
  readonly validToMs: number;
  /** Base64 of the SHA-256 of the public key. */
  readonly publicKeyHash: string;
  /** A name holds a NUL or a control character, which is only done to deceive (CVE-2025-66220). */
  readonly deceptive: boolean;
}

const subjectAltName = '2.5.29.17';
const attributeNames: Record<string, string> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.42': 'GN',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** Reads a certificate; undefined when it is none. */
export function certificateFacts(der: Buffer): CertificateFacts | undefined {
  const certificate = readDer(der, 0);
  const tbs = certificate && derChildren(certificate)[0];
  if (tbs === undefined) return undefined;
  const fields = derChildren(tbs);
  const first = fields[0]?.tag === 0xa0 ? 1 : 0;
  const [serial, , issuer, validity, subject, publicKey] = fields.slice(first);
  if (!serial || !issuer || !validity || !subject || !publicKey) return undefined;
  const sans = readSans(fields.find((field) => field.tag === 0xa3));
  const [notBefore, notAfter] = derChildren(validity);
  const names = readName(subject);
  return {
    subject: nameText(names),
    issuer: nameText(readName(issuer)),
    serial: derContent(serial)
      .toString('hex')
      .replace(/^00(?=.)/, ''),
    sans,
    commonName: names.flat().find(({ name }) => name === 'CN')?.value ?? '',
    validFromMs: readTime(notBefore),
    validToMs: readTime(notAfter),
    publicKeyHash: createHash('sha256').update(der.subarray(publicKey.from, publicKey.end)).digest('base64'),
    deceptive: sans.some(({ value }) => /[\x00-\x1f\x7f]/.test(value)),
  };
}

interface Attribute {
  readonly name: string;
  readonly value: string;
}

/** Relative names of a distinguished name, in encoded order. */
function readName(name: DerElement): Attribute[][] {
  return derChildren(name).map((set) =>
    derChildren(set).map((attribute) => {
      const [oid, value] = derChildren(attribute);
      const id = oid === undefined ? '' : derOid(oid);
      return { name: attributeNames[id] ?? id, value: value === undefined ? '' : stringValue(value) };
    }),
  );
}

function stringValue(element: DerElement): string {
  const bytes = derContent(element);
  if (element.tag === DerTag.bmpString) {
    // Two bytes a character; a stray last byte is none.
    return Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString('utf16le');
  }
  return bytes.toString('utf8');
}

function nameText(names: Attribute[][]): string {
  return names
    .toReversed()
    .map((set) => set.map(({ name, value }) => `${name}=${escapeValue(value)}`).join('+'))
    .join(',');
}

/** RFC 2253 escapes, with non-ASCII characters as hex pairs of their UTF-8 form, as OpenSSL prints them. */
function escapeValue(value: string): string {
  const escaped = value
    .replace(/[,+"\\<>;]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/([^\\]) $/, '$1\\ ');
  return escaped.replace(/[^\x20-\x7e]/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}

function readTime(element: DerElement | undefined): number {
  if (element === undefined) return 0;
  const text = derContent(element).toString('latin1');
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?Z$/.exec(text);
  if (match === null) return 0;
  const [, yearText = '', month, day, hour, minute, second] = match;
  // Two-digit years are 1950 to 2049 (RFC 5280 §4.1.2.5.1).
  const year =
    yearText.length === 4 ? Number(yearText) : Number(yearText) + (Number(yearText) < 50 ? 2000 : 1900);
  return Date.UTC(year, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second ?? 0));
}

function readSans(extensions: DerElement | undefined): SubjectName[] {
  if (extensions === undefined) return [];
  for (const list of derChildren(extensions)) {
    for (const extension of derChildren(list)) {
      const parts = derChildren(extension);
      const oid = parts[0];
      const value = parts.at(-1);
      if (oid === undefined || value === undefined || derOid(oid) !== subjectAltName) continue;
      const names = readDer(value.bytes, value.start, value.end);
      return names === undefined ? [] : derChildren(names).map(subjectName);
    }
  }
  return [];
}

function subjectName(element: DerElement): SubjectName {
  const bytes = derContent(element);
  switch (element.tag) {
    case 0x81:
      return { type: 'email', value: bytes.toString('latin1') };
    case 0x82:
      return { type: 'dns', value: bytes.toString('latin1') };
    case 0x86:
      return { type: 'uri', value: bytes.toString('latin1') };
    case 0x87:
      return { type: 'ip', value: ipText(bytes) };
    default:
      return { type: 'other', value: '' };
  }
}

function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return '';
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** What the beginning of a connection says, for choosing a filter chain before the handshake. */
export type HelloResult =
  | { readonly kind: 'client-hello'; readonly sni: string; readonly alpn: readonly string[] }
  /** Consistent with TLS so far; more bytes are needed. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'not-tls' }
  /** TLS records that hold no valid ClientHello, or one longer than allowed. */
  | { readonly kind: 'invalid' };

/** Bytes looked at before giving up (Envoy: 16 KiB). */
export const maxClientHelloBytes = 16 * 1024;

const handshakeRecord = 22;
const clientHello = 1;
const recordHeaderBytes = 5;
const maxRecordBytes = 16384 + 256;
const extensionSni = 0;
const extensionAlpn = 16;

const incomplete: HelloResult = { kind: 'incomplete' };
const invalid: HelloResult = { kind: 'invalid' };
const notTls: HelloResult = { kind: 'not-tls' };
const none: Buffer = Buffer.alloc(0);

/** Reads the ClientHello at the start of `bytes`, which are all that was received so far; a hello cut into any records is put together. */
export function parseClientHello(bytes: Buffer): HelloResult {
  if (bytes.length === 0) return incomplete;
  if (bytes[0] !== handshakeRecord || (bytes.length > 1 && bytes[1] !== 3)) return notTls;
  const handshake = joinRecords(bytes);
  if (handshake === undefined) return invalid;
  const cut = bytes.length < maxClientHelloBytes ? incomplete : invalid;
  if (handshake.length > 0 && handshake[0] !== clientHello) return invalid;
  if (handshake.length < 4) return cut;
  const length = handshake.readUIntBE(1, 3);
  if (length > maxClientHelloBytes) return invalid;
  if (handshake.length < 4 + length) return cut;
  return readHello(handshake.subarray(4, 4 + length));
}

/** The handshake bytes inside the records received so far, or undefined when there is something else between them. */
function joinRecords(bytes: Buffer): Buffer | undefined {
  let joined = none;
  let length = 0;
  for (let at = 0; at < bytes.length && !(length >= 4 && length >= 4 + joined.readUIntBE(1, 3)); ) {
    if (bytes[at] !== handshakeRecord) return undefined;
    if (bytes.length - at < recordHeaderBytes) break;
    const size = bytes.readUInt16BE(at + 3);
    if (bytes[at + 1] !== 3 || size === 0 || size > maxRecordBytes) return undefined;
    const start = at + recordHeaderBytes;
    const end = Math.min(start + size, bytes.length);
    // Nearly always there is one record, which is used where it lies.
    if (length === 0) joined = bytes.subarray(start, end);
    else {
      if (length === joined.length) joined = Buffer.concat([joined, Buffer.alloc(bytes.length - at)]);
      bytes.copy(joined, length, start, end);
    }
    length += end - start;
    at = start + size;
  }
  return joined.subarray(0, length);
}

/** A cursor over bounded vectors; reading past the end marks it broken instead of throwing. */
class Cursor {
  readonly bytes: Buffer;
  at = 0;
  broken = false;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.broken || this.at >= this.bytes.length;
  }

  number(size: number): number {
    if (this.at + size > this.bytes.length) {
      this.broken = true;
      return 0;
    }
    this.at += size;
    return this.bytes.readUIntBE(this.at - size, size);
  }

  /** A vector with a length of `size` bytes before it. */
  vector(size: number): Cursor {
    return this.take(this.number(size));
  }

  take(length: number): Cursor {
    if (this.at + length > this.bytes.length) this.broken = true;
    const part = new Cursor(this.broken ? none : this.bytes.subarray(this.at, this.at + length));
    part.broken = this.broken;
    this.at += length;
    return part;
  }
}

function readHello(body: Buffer): HelloResult {
  const hello = new Cursor(body);
  hello.take(2 + 32);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  if (hello.broken) return invalid;
  let sni = '';
  let alpn: string[] = [];
  // Extensions may be missing altogether in old clients.
  const extensions = hello.done ? new Cursor(none) : hello.vector(2);
  while (!extensions.done) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    if (data.broken) return invalid;
    if (type === extensionSni) sni = readSni(data);
    else if (type === extensionAlpn) alpn = readAlpn(data);
    if (data.broken) return invalid;
  }
  return extensions.broken ? invalid : { kind: 'client-hello', sni, alpn };
}

/** Lower-case; '' for what is no host name. */
function readSni(data: Cursor): string {
  const list = data.vector(2);
  let name = '';
  while (!list.done) {
    const type = list.number(1);
    const host = list.vector(2);
    if (type === 0 && name === '') name = host.bytes.toString('latin1').toLowerCase();
  }
  data.broken ||= list.broken;
  return /^[\x21-\x7e]*$/.test(name) ? name : '';
}

function readAlpn(data: Cursor): string[] {
  const list = data.vector(2);
  const protocols: string[] = [];
  while (!list.done) protocols.push(list.vector(1).bytes.toString('latin1'));
  data.broken ||= list.broken;
  return protocols;
}

/** What a ClientHello says that filter chains are chosen by. */
export interface ClientHello {
  /** Lower-case, '' when absent. */
  readonly serverName: string;
  readonly alpn: readonly string[];
}

const handshakeRecord = 22;
const clientHelloType = 1;
const serverNameExtension = 0;
const alpnExtension = 16;

/**
 * Reads a ClientHello (RFC 8446 4.1.2) from the bytes that arrived so far, across records however they are cut. It never throws and never
 * reads past what is there.
 */
export function parseClientHello(
  bytes: Buffer,
  maxBytes: number,
): ClientHello | 'more' | 'not-tls' | 'malformed' {
  const message: Buffer[] = [];
  let have = 0;
  for (let at = 0; ; ) {
    if (at >= bytes.length) return limited(at, maxBytes);
    if (bytes[at] !== handshakeRecord) return at === 0 ? 'not-tls' : 'malformed';
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return at === 0 ? 'not-tls' : 'malformed';
    if (at + 5 > bytes.length) return limited(bytes.length, maxBytes);
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > 16_384 + 256) return 'malformed';
    const part = bytes.subarray(at + 5, at + 5 + length);
    message.push(part);
    have += part.length;
    const first = message[0] as Buffer;
    if (first.length > 0 && first[0] !== clientHelloType) return 'malformed';
    const joined = message.length === 1 ? first : Buffer.concat(message);
    if (joined.length >= 4) {
      const size = joined.readUIntBE(1, 3);
      if (size + 4 > maxBytes) return 'malformed';
      if (have >= size + 4) return parseBody(joined.subarray(4, 4 + size)) ?? 'malformed';
    }
    if (part.length < length) return limited(bytes.length, maxBytes);
    at += 5 + length;
  }
}

function limited(seen: number, maxBytes: number): 'more' | 'malformed' {
  return seen >= maxBytes ? 'malformed' : 'more';
}

/** A reader that answers undefined instead of running past the end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  number(size: 1 | 2): number | undefined {
    if (this.left < size) return undefined;
    const value = this.#bytes.readUIntBE(this.#at, size);
    this.#at += size;
    return value;
  }

  take(size: number | undefined): Buffer | undefined {
    if (size === undefined || this.left < size) return undefined;
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}

function parseBody(body: Buffer): ClientHello | undefined {
  const reader = new Reader(body);
  if (reader.take(34) === undefined) return undefined;
  if (reader.take(reader.number(1)) === undefined) return undefined;
  if (reader.take(reader.number(2)) === undefined) return undefined;
  if (reader.take(reader.number(1)) === undefined) return undefined;
  if (reader.left === 0) return { serverName: '', alpn: [] };
  const block = reader.take(reader.number(2));
  return block === undefined ? undefined : parseExtensions(new Reader(block));
}

function parseExtensions(reader: Reader): ClientHello | undefined {
  let serverName = '';
  let alpn: string[] = [];
  while (reader.left > 0) {
    const type = reader.number(2);
    const data = reader.take(reader.number(2));
    if (type === undefined || data === undefined) return undefined;
    if (type === serverNameExtension) {
      const name = parseServerName(new Reader(data));
      if (name === undefined) return undefined;
      serverName = name;
    } else if (type === alpnExtension) {
      const list = parseAlpn(new Reader(data));
      if (list === undefined) return undefined;
      alpn = list;
    }
  }
  return { serverName, alpn };
}

function parseServerName(reader: Reader): string | undefined {
  const list = reader.take(reader.number(2));
  if (list === undefined) return undefined;
  const names = new Reader(list);
  const type = names.number(1);
  const name = names.take(names.number(2));
  if (type !== 0 || name === undefined) return undefined;
  const text = name.latin1Slice(0, name.length).toLowerCase();
  // Names go to logs and matchers: nothing but what a host name may hold gets through.
  return /^[a-z0-9\-._:[\]%*]*$/.test(text) ? text : undefined;
}

function parseAlpn(reader: Reader): string[] | undefined {
  const list = reader.take(reader.number(2));
  if (list === undefined) return undefined;
  const names = new Reader(list);
  const result: string[] = [];
  while (names.left > 0) {
    const name = names.take(names.number(1));
    if (name === undefined || name.length === 0) return undefined;
    result.push(name.latin1Slice(0, name.length));
  }
  return result;
}

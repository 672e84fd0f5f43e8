import type { RequestHead } from '../../http/stream.ts';
import { huffmanEncode, huffmanLength } from './huffman.ts';
import { staticIndexOf, staticIndexOfName, staticTableSize } from './static-table.ts';

/** Largest dynamic table used, whatever more the peer offers. */
const maxTableSize = 4096;
const entryOverhead = 32;
/** At most this many entries fit: each counts at least 32 bytes. A power of two. */
const ringSize = maxTableSize / entryOverhead;
/** Names remembered before the memory is cleared: a peer that invents names must not make it grow. */
const maxSlots = 256;
/** A name whose values keep changing stops being indexed above this score. */
const churnLimit = 8;
/** After so many literals the name gets another chance. */
const churnRetry = 256;

/** Fields an attacker could guess by watching sizes, never put into the table (RFC 7541 §7.1.3). */
const sensitive = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie']);
/** Connection-specific fields, which HTTP/2 forbids; and host, which is :authority. */
const dropped = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
]);

/** What the encoder knows of a field name on this connection: one entry of the dynamic table, its newest. */
class Slot {
  readonly name: string;
  readonly staticIndex: number;
  readonly dropped: boolean;
  readonly sensitive: boolean;
  /** Value of the newest entry with this name, and when it was inserted. */
  value = '';
  insertedAt = -1;
  churn = 0;

  constructor(name: string) {
    this.name = name;
    this.staticIndex = staticIndexOfName.get(name) ?? 0;
    this.dropped = dropped.has(name);
    this.sensitive = sensitive.has(name);
  }
}

/**
 * HPACK encoder of one connection. Each name keeps one indexed value: what repeats costs a byte and one map look-up; what changes is
 * sent as a raw literal. Nothing is searched.
 */
export class HpackEncoder {
  readonly #slots = new Map<string, Slot>();
  /** Sizes of the live entries, by insertion number modulo the ring. */
  #sizes: Uint16Array | undefined;
  /** Number of the next and of the oldest live insertion. */
  #next = 0;
  #oldest = 0;
  #size = 0;
  #capacity = maxTableSize;
  /** Table size to announce in the next block: the smallest since the last one, and the final one. */
  #announceLeast = -1;
  #announce = -1;

  #target: Buffer = Buffer.alloc(0);
  #at = 0;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  setPeerTableSize(size: number): void {
    const capacity = Math.min(size, maxTableSize);
    if (capacity === this.#capacity && this.#announce < 0) return;
    this.#announceLeast = this.#announceLeast < 0 ? capacity : Math.min(this.#announceLeast, capacity);
    this.#announce = capacity;
    this.#capacity = capacity;
    this.#evict(capacity);
  }

  /** Most bytes that the fields can take, with room for a status or size update. */
  static bound(fields: readonly string[]): number {
    let bytes = 32;
    for (let i = 0; i < fields.length; i++) bytes += (fields[i] as string).length + 5;
    return bytes;
  }

  static requestBound(head: RequestHead): number {
    const { method, path, authority, protocol, scheme } = head;
    const pseudo = method.length + path.length + authority.length + scheme.length + (protocol?.length ?? 0);
    return HpackEncoder.bound(head.headers.fields) + pseudo + 64;
  }

  /** Writes a response's block at `at`; returns the position after it. */
  response(status: number, fields: readonly string[], target: Buffer, at: number): number {
    this.#begin(target, at);
    const index = statusIndex(status);
    if (index > 0) this.#target[this.#at++] = 0x80 | index;
    else this.#field(this.#slot(':status'), String(status));
    return this.#fields(fields);
  }

  /** Writes a request's block; `protocol` makes it an extended CONNECT (RFC 8441). */
  request(head: RequestHead, target: Buffer, at: number): number {
    this.#begin(target, at);
    const { protocol, path, authority } = head;
    const method = protocol === undefined ? head.method : 'CONNECT';
    if (method === 'GET') this.#target[this.#at++] = 0x82;
    else if (method === 'POST') this.#target[this.#at++] = 0x83;
    else this.#field(this.#slot(':method'), method);
    if (method !== 'CONNECT' || protocol !== undefined) {
      if (head.scheme === 'https') this.#target[this.#at++] = 0x87;
      else if (head.scheme === 'http') this.#target[this.#at++] = 0x86;
      else this.#field(this.#slot(':scheme'), head.scheme);
      if (path === '/') this.#target[this.#at++] = 0x84;
      else this.#field(this.#slot(':path'), path);
    }
    if (authority !== '') this.#field(this.#slot(':authority'), authority);
    if (protocol !== undefined) this.#field(this.#slot(':protocol'), protocol);
    return this.#fields(head.headers.fields);
  }

  trailers(fields: readonly string[], target: Buffer, at: number): number {
    this.#begin(target, at);
    return this.#fields(fields);
  }

  #begin(target: Buffer, at: number): void {
    this.#target = target;
    this.#at = at;
    if (this.#announce < 0) return;
    if (this.#announceLeast < this.#announce) this.#integer(this.#announceLeast, 0x1f, 0x20);
    this.#integer(this.#announce, 0x1f, 0x20);
    this.#announce = this.#announceLeast = -1;
  }

  #fields(fields: readonly string[]): number {
    for (let i = 0; i < fields.length; i += 2) {
      const slot = this.#slot(fields[i] as string);
      if (!slot.dropped) this.#field(slot, fields[i + 1] as string);
    }
    this.#target = empty;
    return this.#at;
  }

  #slot(name: string): Slot {
    const found = this.#slots.get(name);
    if (found !== undefined) return found;
    if (this.#slots.size >= maxSlots) this.#slots.clear();
    const slot = new Slot(name);
    this.#slots.set(name, slot);
    return slot;
  }

  #field(slot: Slot, value: string): void {
    const live = slot.insertedAt >= this.#oldest;
    if (live && slot.value === value) {
      if (slot.churn > 0) slot.churn--;
      this.#integer(staticTableSize + this.#next - slot.insertedAt, 0x7f, 0x80);
      return;
    }
    const nameIndex =
      slot.staticIndex > 0 ? slot.staticIndex : live ? staticTableSize + this.#next - slot.insertedAt : 0;
    if (slot.sensitive) return this.#literal(slot.name, nameIndex, value, 0x0f, 0x10);
    const size = slot.name.length + value.length + entryOverhead;
    if (slot.churn > churnLimit || size > this.#capacity >> 1) {
      if (++slot.churn > churnRetry) slot.churn = churnLimit;
      return this.#literal(slot.name, nameIndex, value, 0x0f, 0);
    }
    const exact = slot.staticIndex > 0 ? staticIndexOf(slot.name, value) : 0;
    if (exact > 0) {
      this.#target[this.#at++] = 0x80 | exact;
      return;
    }
    slot.churn += 2;
    this.#literal(slot.name, nameIndex, value, 0x3f, 0x40);
    this.#insert(slot, value, size);
  }

  #insert(slot: Slot, value: string, size: number): void {
    this.#evict(this.#capacity - size);
    this.#sizes ??= new Uint16Array(ringSize);
    this.#sizes[this.#next & (ringSize - 1)] = size;
    this.#size += size;
    slot.value = value;
    slot.insertedAt = this.#next++;
  }

  #evict(target: number): void {
    while (this.#size > target) {
      this.#size -= (this.#sizes as Uint16Array)[this.#oldest & (ringSize - 1)] as number;
      this.#oldest++;
    }
  }

  #literal(name: string, nameIndex: number, value: string, prefix: number, pattern: number): void {
    this.#integer(nameIndex, prefix, pattern);
    const indexed = pattern === 0x40;
    if (nameIndex === 0) this.#text(name, indexed);
    this.#text(value, indexed);
  }

  #integer(value: number, prefix: number, pattern: number): void {
    if (value < prefix) {
      this.#target[this.#at++] = pattern | value;
      return;
    }
    this.#target[this.#at++] = pattern | prefix;
    let rest = value - prefix;
    for (; rest >= 0x80; rest >>>= 7) this.#target[this.#at++] = 0x80 | (rest & 0x7f);
    this.#target[this.#at++] = rest;
  }

  /** A string literal. Huffman only for what goes into the table: it is paid once there, raw bytes are cheaper for both sides elsewhere. */
  #text(text: string, huffman: boolean): void {
    const { length } = text;
    if (huffman) {
      const coded = huffmanLength(text);
      if (coded < length) {
        this.#integer(coded, 0x7f, 0x80);
        this.#at = huffmanEncode(text, this.#target, this.#at);
        return;
      }
    }
    this.#integer(length, 0x7f, 0);
    const target = this.#target;
    let at = this.#at;
    if (length > 48 && !/[^\x00-\xff]/.test(text)) {
      target.latin1Write(text, at, length);
      this.#at = at + length;
      return;
    }
    // Characters above latin1 would lose their high byte and could become a line feed further on.
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      target[at++] = code > 0xff ? 0x3f : code;
    }
    this.#at = at;
  }
}

const empty = Buffer.alloc(0);

function statusIndex(status: number): number {
  switch (status) {
    case 200:
      return 8;
    case 204:
      return 9;
    case 206:
      return 10;
    case 304:
      return 11;
    case 400:
      return 12;
    case 404:
      return 13;
    case 500:
      return 14;
    default:
      return 0;
  }
}

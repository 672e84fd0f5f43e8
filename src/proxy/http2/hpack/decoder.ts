import { CharClass, charClasses, kindOfName, kindWithValue } from './field-kind.ts';
import { huffmanDecode } from './huffman.ts';
import { staticKinds, staticNames, staticTableSize, staticValues } from './static-table.ts';
import { hashBytes, maxCachedBytes, StringCache } from './string-cache.ts';

/** What takes the decoded fields, in order. `kind` is a FieldKind, with `invalidValue` set when the value is malformed. */
export interface FieldSink {
  add(name: string, value: string, kind: number): void;
}

/** Size of the dynamic table we offer (SETTINGS_HEADER_TABLE_SIZE), the default of RFC 9113. */
export const decoderTableSize = 4096;
const entryOverhead = 32;
/** Integers beyond this are an attack or an error: no length or index in a header block comes near. */
const maxInteger = 1 << 24;

const nameCache = new StringCache(512);
const valueCache = new StringCache(2048);
const plainSeed = 0x811c9dc5 | 0;
const huffmanSeed = 0x1b873593;
let scratch = Buffer.allocUnsafe(4096);

/** HPACK decoder of one connection (RFC 7541). */
export class HpackDecoder {
  /** Ring of the dynamic table; the newest entry is at `(#inserted - 1) & #mask`. */
  #names: string[] = [];
  #values: string[] = [];
  #kinds: number[] = [];
  /** Sizes as the peer counts them, before values were trimmed. */
  #sizes: number[] = [];
  #mask = -1;
  #inserted = 0;
  #count = 0;
  #size = 0;
  #capacity = decoderTableSize;
  readonly #limit: number;

  #source: Uint8Array & Buffer = scratch;
  #position = 0;
  #end = 0;
  /** Results of the last `#readString`. */
  #text = '';
  #classes = 0;

  /** `tableSize`: what our SETTINGS say. A smaller one binds the peer only once it has seen it, so it does not bind us. */
  constructor(tableSize = decoderTableSize) {
    this.#limit = Math.max(tableSize, decoderTableSize);
  }

  /** Decodes one whole header block into `sink`; false on a compression error, which ends the connection. */
  decode(source: Buffer, start: number, end: number, sink: FieldSink): boolean {
    this.#source = source;
    this.#position = start;
    this.#end = end;
    let fieldsSeen = false;
    let ok = true;
    while (ok && this.#position < end) {
      const first = source[this.#position] as number;
      if (first >= 0x80) ok = this.#indexed(first, sink);
      else if (first >= 0x40) ok = this.#literal(first, 0x3f, true, sink);
      else if (first < 0x20) ok = this.#literal(first, 0x0f, false, sink);
      else if (fieldsSeen) ok = false;
      else {
        ok = this.#resize(first);
        continue;
      }
      fieldsSeen = true;
    }
    this.#source = scratch;
    return ok;
  }

  #indexed(first: number, sink: FieldSink): boolean {
    let index = first & 0x7f;
    if (index === 0x7f) index = this.#readInteger(0x7f);
    else this.#position++;
    if (index <= 0) return false;
    if (index <= staticTableSize) {
      sink.add(staticNames[index] as string, staticValues[index] as string, staticKinds[index] as number);
      return true;
    }
    const age = index - staticTableSize - 1;
    if (age >= this.#count) return false;
    const slot = (this.#inserted - 1 - age) & this.#mask;
    sink.add(this.#names[slot] as string, this.#values[slot] as string, this.#kinds[slot] as number);
    return true;
  }

  #literal(first: number, prefix: number, indexing: boolean, sink: FieldSink): boolean {
    let index = first & prefix;
    if (index === prefix) index = this.#readInteger(prefix);
    else this.#position++;
    let name: string;
    let kind: number;
    if (index === 0) {
      if (!this.#readName()) return false;
      name = this.#text;
      kind = this.#classes;
    } else if (index < 0) {
      return false;
    } else if (index <= staticTableSize) {
      name = staticNames[index] as string;
      kind = staticKinds[index] as number;
    } else {
      const age = index - staticTableSize - 1;
      if (age >= this.#count) return false;
      const slot = (this.#inserted - 1 - age) & this.#mask;
      name = this.#names[slot] as string;
      kind = (this.#kinds[slot] as number) & 0x0f;
    }
    if (!this.#readString(valueCache)) return false;
    kind = kindWithValue(kind, this.#classes);
    const value = trimmed(this.#text);
    if (indexing) this.#insert(name, value, kind, name.length + this.#text.length + entryOverhead);
    sink.add(name, value, kind);
    return true;
  }

  #resize(first: number): boolean {
    let size = first & 0x1f;
    if (size === 0x1f) size = this.#readInteger(0x1f);
    else this.#position++;
    if (size < 0 || size > this.#limit) return false;
    this.#capacity = size;
    this.#evict(size);
    return true;
  }

  #insert(name: string, value: string, kind: number, size: number): void {
    if (size > this.#capacity) {
      this.#evict(0);
      return;
    }
    this.#evict(this.#capacity - size);
    if (this.#count > this.#mask) this.#grow();
    const slot = this.#inserted & this.#mask;
    this.#names[slot] = name;
    this.#values[slot] = value;
    this.#kinds[slot] = kind;
    this.#sizes[slot] = size;
    this.#inserted = (this.#inserted + 1) | 0;
    this.#count++;
    this.#size += size;
  }

  #evict(target: number): void {
    while (this.#size > target) {
      this.#size -= this.#sizes[(this.#inserted - this.#count) & this.#mask] as number;
      this.#count--;
    }
  }

  #grow(): void {
    const oldest = this.#inserted - this.#count;
    this.#names = regrown(this.#names, oldest, this.#count);
    this.#values = regrown(this.#values, oldest, this.#count);
    this.#kinds = regrown(this.#kinds, oldest, this.#count);
    this.#sizes = regrown(this.#sizes, oldest, this.#count);
    this.#mask = this.#names.length - 1;
  }

  /** An integer whose prefix is all ones (RFC 7541 §5.1), or -1: cut short, too large, or padded without need. */
  #readInteger(prefix: number): number {
    let value = prefix;
    let shift = 0;
    for (let position = this.#position + 1; position < this.#end; position++) {
      const byte = this.#source[position] as number;
      value += (byte & 0x7f) << shift;
      if (value > maxInteger) return -1;
      if (byte < 0x80) {
        this.#position = position + 1;
        return value;
      }
      shift += 7;
      if (shift > 21) return -1;
    }
    return -1;
  }

  /** Reads a literal name into `#text`; `#classes` becomes its kind. */
  #readName(): boolean {
    if (!this.#readString(nameCache)) return false;
    this.#classes = kindOfName(this.#text, this.#classes);
    return true;
  }

  /** Reads a string literal into `#text` and its character classes into `#classes`. */
  #readString(cache: StringCache): boolean {
    if (this.#position >= this.#end) return false;
    const first = this.#source[this.#position] as number;
    const huffman = first >= 0x80;
    let length = first & 0x7f;
    if (length === 0x7f) length = this.#readInteger(0x7f);
    else this.#position++;
    const start = this.#position;
    const end = start + length;
    if (length < 0 || end > this.#end) return false;
    this.#position = end;
    if (length > maxCachedBytes) return this.#makeString(start, end, huffman);
    const hash = hashBytes(this.#source, start, end, huffman ? huffmanSeed : plainSeed);
    const cached = cache.find(this.#source, start, end, hash);
    if (cached !== undefined) {
      this.#text = cached.text;
      this.#classes = cached.tag;
      return true;
    }
    if (!this.#makeString(start, end, huffman)) return false;
    cache.admit(this.#source, start, end, hash, this.#text, this.#classes);
    return true;
  }

  #makeString(start: number, end: number, huffman: boolean): boolean {
    let bytes: Buffer = this.#source;
    if (huffman) {
      const most = ((end - start) * 8) / 5 + 1;
      if (scratch.length < most) scratch = Buffer.allocUnsafe(most * 2);
      const length = huffmanDecode(bytes, start, end, scratch);
      if (length < 0) return false;
      bytes = scratch;
      start = 0;
      end = length;
    }
    let classes: number = CharClass.all;
    for (let i = start; i < end; i++) classes &= charClasses[bytes[i] as number] as number;
    this.#classes = classes;
    this.#text = bytes.latin1Slice(start, end);
    return true;
  }
}

const firstRingSize = 16;

/** A ring of twice the size, made when first needed, with the `count` entries from `oldest` on at their new places. */
function regrown<T>(ring: T[], oldest: number, count: number): T[] {
  const larger = ring.length === 0 ? new Array<T>(firstRingSize) : [...ring, ...ring];
  const mask = larger.length - 1;
  for (let n = oldest; n !== oldest + count; n++) larger[n & mask] = ring[n & (ring.length - 1)] as T;
  return larger;
}

/** Without surrounding spaces and tabs (CVE-2019-18802: matchers see the trimmed value). */
function trimmed(value: string): string {
  const { length } = value;
  if (length === 0) return value;
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(length - 1);
  if (first !== 0x20 && first !== 9 && last !== 0x20 && last !== 9) return value;
  return value.replace(/^[ \t]+|[ \t]+$/g, '');
}

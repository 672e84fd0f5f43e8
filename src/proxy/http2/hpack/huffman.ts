/**
 * HPACK's Huffman code (RFC 7541 appendix B). The code is canonical (shorter codes first, equal lengths in symbol order), so the lengths
 * alone define it; the tables below are built from them once.
 */
const codeLengths = new Uint8Array([
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
]);

const endOfString = 256;
const maxCodeLength = 30;

/** Code of each symbol, right-aligned. */
const codes = new Uint32Array(257);
/** Symbols ordered by code. */
const ordered = new Uint16Array(257);
/** Per code length: the first code of that length, and where its symbols begin in `ordered`. */
const firstCode = new Uint32Array(maxCodeLength + 2);
const firstSymbol = new Uint16Array(maxCodeLength + 2);
const symbolCount = new Uint16Array(maxCodeLength + 2);
/** For the next eight bits: `length << 8 | symbol` of the code they begin with, 0 when it is longer than eight bits. */
const byNextByte = new Uint16Array(256);

function buildTables(): void {
  let code = 0;
  let position = 0;
  for (let length = 1; length <= maxCodeLength; length++) {
    firstCode[length] = code;
    firstSymbol[length] = position;
    for (let symbol = 0; symbol < 257; symbol++) {
      if (codeLengths[symbol] !== length) continue;
      codes[symbol] = code;
      ordered[position++] = symbol;
      if (length <= 8) {
        const first = code << (8 - length);
        byNextByte.fill((length << 8) | symbol, first, first + (1 << (8 - length)));
      }
      code++;
    }
    symbolCount[length] = position - (firstSymbol[length] as number);
    code <<= 1;
  }
}
buildTables();

/** Bytes that `text` (latin1) takes when Huffman-coded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += codeLengths[text.charCodeAt(i) & 0xff] as number;
  return (bits + 7) >> 3;
}

/** Writes `text` (latin1) Huffman-coded at `position`; returns the position after it. */
export function huffmanEncode(text: string, target: Uint8Array, position: number): number {
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 0xff;
    let length = codeLengths[symbol] as number;
    const code = codes[symbol] as number;
    // A code of up to 30 bits beside up to 7 pending ones may pass 32: long codes go in two parts.
    if (length > 16) {
      length -= 16;
      pending = (pending << 16) | (code >>> length);
      for (pendingBits += 16; pendingBits >= 8; pendingBits -= 8)
        target[position++] = pending >>> (pendingBits - 8);
      pending &= (1 << pendingBits) - 1;
    }
    pending = (pending << length) | (code & ((1 << length) - 1));
    for (pendingBits += length; pendingBits >= 8; pendingBits -= 8)
      target[position++] = pending >>> (pendingBits - 8);
    pending &= (1 << pendingBits) - 1;
  }
  if (pendingBits > 0) target[position++] = (pending << (8 - pendingBits)) | (0xff >> pendingBits);
  return position;
}

/**
 * Decodes `source[start, end)` into `target` from 0 on; returns the number of bytes written, or -1 when the code is wrong: EOS inside,
 * padding longer than 7 bits or other than ones. `target` needs 8/5 of the source's length.
 */
export function huffmanDecode(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let bit = start * 8;
  const endBit = end * 8;
  let written = 0;
  while (bit < endBit) {
    const at = bit >> 3;
    const second = at + 1 < end ? (source[at + 1] as number) : 0xff;
    const next = ((((source[at] as number) << 8) | second) >> (8 - (bit & 7))) & 0xff;
    const entry = byNextByte[next] as number;
    if (entry !== 0) {
      bit += entry >> 8;
      if (bit > endBit) return isPadding(source, bit - (entry >> 8), end) ? written : -1;
      target[written++] = entry;
      continue;
    }
    const found = decodeLong(source, bit, end);
    if (found < 0) return isPadding(source, bit, end) ? written : -1;
    bit += found >> 9;
    target[written++] = found;
  }
  return written;
}

/** A code longer than eight bits at `bit`: `length << 9 | symbol`, or -1 for EOS and for what runs over the end. */
function decodeLong(source: Uint8Array, bit: number, end: number): number {
  let code = 0;
  const endBit = end * 8;
  for (let length = 1; length <= maxCodeLength && bit < endBit; length++, bit++) {
    code = (code << 1) | (((source[bit >> 3] as number) >> (7 - (bit & 7))) & 1);
    const offset = code - (firstCode[length] as number);
    if (offset >= 0 && offset < (symbolCount[length] as number)) {
      const symbol = ordered[(firstSymbol[length] as number) + offset] as number;
      return symbol === endOfString ? -1 : (length << 9) | symbol;
    }
  }
  return -1;
}

/** Whether the bits from `bit` to the end are what may fill the last byte: up to seven ones. */
function isPadding(source: Uint8Array, bit: number, end: number): boolean {
  const left = end * 8 - bit;
  const mask = (1 << left) - 1;
  return left < 8 && ((source[end - 1] as number) & mask) === mask;
}

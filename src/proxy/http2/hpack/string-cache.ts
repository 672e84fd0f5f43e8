/**
 * Strings by their bytes on the wire. Most literals repeat (paths, media types, user agents), and making a string from bytes is a call
 * into the engine, so repeated ones are found by hash and compared in place; equal headers are then also the same object, which makes
 * later comparisons cheap. A string is kept only when seen twice, so that request ids do not push the useful ones out.
 */
export class StringCache {
  readonly #entries: (Entry | undefined)[];
  readonly #seen: Int32Array;
  readonly #mask: number;

  /** `slots`: a power of two. */
  constructor(slots = 1024) {
    this.#entries = new Array(slots);
    this.#seen = new Int32Array(slots);
    this.#mask = slots - 1;
  }

  /** The entry of these bytes, or undefined; then decode and `admit`. */
  find(source: Uint8Array, start: number, end: number, hash: number): Entry | undefined {
    const entry = this.#entries[hash & this.#mask];
    if (entry === undefined || entry.hash !== hash) return undefined;
    const bytes = entry.bytes;
    if (bytes.length !== end - start) return undefined;
    for (let i = 0; i < bytes.length; i++) if (bytes[i] !== source[start + i]) return undefined;
    return entry;
  }

  /** Remembers a decoded string once its bytes came a second time. `tag` is the caller's. */
  admit(source: Uint8Array, start: number, end: number, hash: number, text: string, tag: number): void {
    const slot = hash & this.#mask;
    if (this.#seen[slot] === hash) {
      this.#entries[slot] = { hash, bytes: Uint8Array.prototype.slice.call(source, start, end), text, tag };
    }
    this.#seen[slot] = hash;
  }
}

interface Entry {
  readonly hash: number;
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly tag: number;
}

/** Longest string worth hashing, in bytes on the wire. */
export const maxCachedBytes = 80;

/** A hash of the bytes; `seed` separates codings of equal bytes. Never 0. */
export function hashBytes(source: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (source[i] as number), 0x01000193);
  hash ^= hash >>> 15;
  return hash === 0 ? 1 : hash;
}

import { murmurHash2, xxHash64 } from '../../match/hash.ts';
import type { Host } from '../upstream/host.ts';

/** A host and its share of the whole, all shares summing to 1. */
export interface WeightedHost {
  readonly host: Host;
  readonly weight: number;
}

/** Hosts by hash; `attempt` > 0 asks for another one. */
export interface HashTable {
  choose(hash: bigint, attempt: number): Host | undefined;
}

/** What a host is hashed by: `envoy.lb` metadata `hash_key`, else its hostname or address. */
export function hashKey(host: Host, useHostname: boolean): string {
  const key = host.metadata['envoy.lb']?.['hash_key'];
  if (typeof key === 'string' && key !== '') return key;
  return useHostname ? host.hostname : host.address.text;
}

/**
 * A ketama ring: each host stands on it `scale × weight` times at the hashes of `key_0`, `key_1`, …; a request goes to the first host at
 * or after its hash. The number of points is scaled so that the lightest host has a whole number of them.
 */
export class HashRing implements HashTable {
  readonly #hashes: BigUint64Array;
  readonly #hosts: readonly Host[];

  constructor(
    hosts: readonly WeightedHost[],
    options: { minSize: number; maxSize: number; murmur: boolean; useHostname: boolean },
  ) {
    const lightest = hosts.reduce((least, { weight }) => Math.min(least, weight), 1);
    const scale = Math.min(Math.ceil(lightest * options.minSize) / lightest, options.maxSize);
    const hash = options.murmur ? murmurHash2 : xxHash64;
    const points: { hash: bigint; host: Host }[] = [];
    let target = 0;
    for (const { host, weight } of hosts) {
      const key = hashKey(host, options.useHostname);
      target += scale * weight;
      for (let i = 0; points.length < target; i++) points.push({ hash: hash(`${key}_${i}`), host });
    }
    points.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
    this.#hashes = BigUint64Array.from(points, (p) => p.hash);
    this.#hosts = points.map((p) => p.host);
  }

  choose(hash: bigint, attempt: number): Host | undefined {
    const size = this.#hosts.length;
    if (size === 0) return undefined;
    let low = 0;
    let high = size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#hashes[middle] as bigint) < hash) low = middle + 1;
      else high = middle;
    }
    return this.#hosts[(low + attempt) % size];
  }
}

const allBits = 0xffff_ffff_ffff_ffffn;

/** Maglev's table (the paper's listing 1, with weights): every host claims free slots along its own permutation, in turn. */
export class MaglevTable implements HashTable {
  readonly #slots: Uint32Array;
  readonly #hosts: readonly Host[];
  readonly #size: bigint;

  constructor(hosts: readonly WeightedHost[], size: number, useHostname: boolean) {
    const entries = hosts
      .map(({ host, weight }) => ({ host, weight, key: hashKey(host, useHostname) }))
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
      .map(({ host, weight, key }) => ({
        host,
        weight,
        offset: Number(xxHash64(key) % BigInt(size)),
        skip: Number(xxHash64(key, 1n) % BigInt(size - 1)) + 1,
        next: 0,
        target: 0,
      }));
    this.#hosts = entries.map((e) => e.host);
    this.#size = BigInt(size);
    this.#slots = new Uint32Array(entries.length === 0 ? 0 : size);
    const heaviest = entries.reduce((most, { weight }) => Math.max(most, weight), 0);
    const taken = new Uint8Array(size);
    for (let iteration = 1, filled = 0; entries.length > 0 && filled < size; iteration++) {
      for (let i = 0; i < entries.length && filled < size; i++) {
        const entry = entries[i] as (typeof entries)[number];
        if (iteration * entry.weight < entry.target) continue;
        entry.target += heaviest;
        let slot = (entry.offset + entry.skip * entry.next) % size;
        while (taken[slot] === 1) slot = (entry.offset + entry.skip * ++entry.next) % size;
        taken[slot] = 1;
        this.#slots[slot] = i;
        entry.next++;
        filled++;
      }
    }
  }

  choose(hash: bigint, attempt: number): Host | undefined {
    if (this.#hosts.length === 0) return undefined;
    const mixed = attempt > 0 ? hash ^ (allBits - BigInt(attempt) + 1n) : hash;
    return this.#hosts[this.#slots[Number(mixed % this.#size)] as number];
  }
}

/** Whether a Maglev table size is allowed: it must be prime. */
export function isPrime(n: number): boolean {
  if (n < 2) return false;
  for (let i = 2; i * i <= n; i++) if (n % i === 0) return false;
  return true;
}

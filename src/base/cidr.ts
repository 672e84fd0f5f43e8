import ipaddr from 'ipaddr.js';

/** An IP address as a number: 32 bits for IPv4, 128 for IPv6 (IPv4-mapped ones count as IPv4). */
export interface IpNumber {
  readonly v6: boolean;
  /** IPv4 only. */
  readonly v4: number;
  /** IPv6: eight 16-bit groups. */
  readonly groups: readonly number[];
}

const noGroups: readonly number[] = [];

/** Undefined when `text` is no IP address. */
export function parseIp(text: string): IpNumber | undefined {
  const v4 = parseIpv4(text);
  if (v4 >= 0) return { v6: false, v4, groups: noGroups };
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text) || text.includes('%')) return undefined;
  const parts = ipaddr.IPv6.parse(text).parts;
  if (parts.slice(0, 5).every((p) => p === 0) && parts[5] === 0xffff)
    return { v6: false, v4: (parts[6] as number) * 65536 + (parts[7] as number), groups: noGroups };
  return { v6: true, v4: 0, groups: parts };
}

/** The number of a dotted IPv4 address, or -1. Decimal only, no leading zeros, as inet_pton. */
export function parseIpv4(text: string): number {
  let value = 0;
  let octet = -1;
  let octets = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46) {
      if (octet < 0 || ++octets > 4) return -1;
      value = value * 256 + octet;
      octet = -1;
    } else if (code >= 48 && code <= 57) {
      if (octet === 0) return -1;
      octet = (octet < 0 ? 0 : octet * 10) + code - 48;
      if (octet > 255) return -1;
    } else return -1;
  }
  return octets === 4 && octet >= 0 ? value * 256 + octet : -1;
}

/** A range of addresses: `10.0.0.0/8`. */
export class Cidr {
  readonly v6: boolean;
  readonly bits: number;
  readonly #v4: number;
  readonly #divisor: number;
  readonly #groups: readonly number[];

  private constructor(ip: IpNumber, bits: number) {
    this.v6 = ip.v6;
    this.bits = bits;
    this.#divisor = 2 ** (32 - Math.min(bits, 32));
    this.#v4 = Math.floor(ip.v4 / this.#divisor);
    this.#groups = ip.groups;
  }

  /** Undefined when the address is no IP address or the length does not fit it. */
  static of(address: string, bits: number): Cidr | undefined {
    const ip = parseIp(address);
    if (ip === undefined || bits > (ip.v6 ? 128 : 32)) return undefined;
    return new Cidr(ip, bits);
  }

  /** `a.b.c.d/n`, or an address alone. */
  static parse(text: string): Cidr | undefined {
    const slash = text.indexOf('/');
    if (slash < 0) return Cidr.of(text, text.includes(':') ? 128 : 32);
    const bits = /^\d{1,3}$/.test(text.slice(slash + 1)) ? Number(text.slice(slash + 1)) : 999;
    return Cidr.of(text.slice(0, slash), bits);
  }

  contains(ip: IpNumber): boolean {
    if (ip.v6 !== this.v6) return false;
    if (!this.v6) return Math.floor(ip.v4 / this.#divisor) === this.#v4;
    const whole = this.bits >> 4;
    for (let i = 0; i < whole; i++) if (ip.groups[i] !== this.#groups[i]) return false;
    const left = this.bits & 15;
    if (left === 0) return true;
    const shift = 16 - left;
    return (ip.groups[whole] as number) >> shift === (this.#groups[whole] as number) >> shift;
  }

  /** The first address of the range. */
  get network(): string {
    if (!this.v6) {
      const first = this.#v4 * this.#divisor;
      return [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.');
    }
    return new ipaddr.IPv6(this.#masked()).toString();
  }

  #masked(): number[] {
    return this.#groups.map((group, i) => {
      const bits = Math.min(16, Math.max(0, this.bits - i * 16));
      return bits === 0 ? 0 : (group >> (16 - bits)) << (16 - bits);
    });
  }

  /** Canonical text, equal for equal ranges. */
  get key(): string {
    if (!this.v6) return `4/${this.#v4}/${this.bits}`;
    return `6/${this.#masked().join(':')}/${this.bits}`;
  }
}

/** Longest-prefix lookup. Few distinct lengths occur in practice, so one hash map a length beats a bit trie. */
export class CidrMap<T> {
  readonly #v4: { bits: number; divisor: number; values: Map<number, T> }[] = [];
  readonly #v6: { cidr: Cidr; value: T }[] = [];

  set(cidr: Cidr, address: IpNumber, value: T): void {
    if (cidr.v6) {
      this.#v6.push({ cidr, value });
      this.#v6.sort((a, b) => b.cidr.bits - a.cidr.bits);
      return;
    }
    const divisor = 2 ** (32 - cidr.bits);
    let level = this.#v4.find((l) => l.bits === cidr.bits);
    if (level === undefined) {
      level = { bits: cidr.bits, divisor, values: new Map() };
      this.#v4.push(level);
      this.#v4.sort((a, b) => b.bits - a.bits);
    }
    level.values.set(Math.floor(address.v4 / divisor), value);
  }

  /** The value of the longest range that holds `ip`. */
  get(ip: IpNumber): T | undefined {
    if (ip.v6) return this.#v6.find(({ cidr }) => cidr.contains(ip))?.value;
    for (const level of this.#v4) {
      const value = level.values.get(Math.floor(ip.v4 / level.divisor));
      if (value !== undefined) return value;
    }
    return undefined;
  }

  get size(): number {
    return this.#v6.length + this.#v4.reduce((sum, level) => sum + level.values.size, 0);
  }
}

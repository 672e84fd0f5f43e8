import { isIP, isIPv4, isIPv6 } from 'node:net';
import {
  type CelFunc,
  type CelInput,
  CelScalar,
  type CelValue,
  celFunc,
  celMethod,
  listType,
  mapType,
} from '@bufbuild/cel';
import { compileRegex } from '../../../base/regex.ts';
import { parseQuantity } from '../schema/quantity.ts';

const { STRING, BOOL, INT, DYN, DOUBLE } = CelScalar;
const LIST = listType(DYN);
/** Quantities, URLs, addresses and ranges are maps with one hidden member: CEL has no types of ours. */
const OPAQUE = mapType(DYN, DYN);

interface Readable {
  get(key: string): unknown;
}

function opaque(kind: string, text: string): CelInput {
  return new Map([[`\0${kind}`, text]]) as CelInput;
}

function textOf(kind: string, value: unknown): string {
  const text = (value as Readable).get(`\0${kind}`);
  if (typeof text !== 'string') throw new Error(`no such overload: expected a ${kind}`);
  return text;
}

function items(list: unknown): CelValue[] {
  return [...(list as Iterable<CelValue>)];
}

type Ordered = bigint | number | string | boolean;

function compare(a: unknown, b: unknown): number {
  return (a as Ordered) < (b as Ordered) ? -1 : (a as Ordered) > (b as Ordered) ? 1 : 0;
}

function same(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(plain(a)) === JSON.stringify(plain(b)));
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}i`;
  if (value !== null && typeof value === 'object' && Symbol.iterator in value)
    return [...(value as Iterable<unknown>)].map(plain);
  return value;
}

function extreme(list: unknown, sign: number): CelValue {
  const all = items(list);
  if (all.length === 0) throw new Error('min/max called on empty list');
  return all.reduce((best, one) => (compare(one, best) * sign > 0 ? one : best));
}

const lists: CelFunc[] = [
  celMethod('isSorted', LIST, [], BOOL, function () {
    const all = items(this);
    return all.every((one, i) => i === 0 || compare(all[i - 1], one) <= 0);
  }),
  celMethod('sum', LIST, [], DYN, function () {
    const all = items(this);
    if (all.some((one) => typeof one === 'number'))
      return all.reduce<number>((sum, one) => sum + Number(one), 0);
    return all.reduce<bigint>((sum, one) => sum + (one as bigint), 0n);
  }),
  celMethod('min', LIST, [], DYN, function () {
    return extreme(this, -1) as CelInput;
  }),
  celMethod('max', LIST, [], DYN, function () {
    return extreme(this, 1) as CelInput;
  }),
  celMethod('indexOf', LIST, [DYN], INT, function (wanted) {
    return BigInt(items(this).findIndex((one) => same(one, wanted)));
  }),
  celMethod('lastIndexOf', LIST, [DYN], INT, function (wanted) {
    return BigInt(items(this).findLastIndex((one) => same(one, wanted)));
  }),
  celMethod('slice', LIST, [INT, INT], LIST, function (from, to) {
    return items(this).slice(Number(from), Number(to)) as CelInput<typeof LIST>;
  }),
  celMethod('reverse', LIST, [], LIST, function () {
    return items(this).reverse() as CelInput<typeof LIST>;
  }),
  celMethod('sort', LIST, [], LIST, function () {
    return items(this).sort(compare) as CelInput<typeof LIST>;
  }),
  celMethod('distinct', LIST, [], LIST, function () {
    const all = items(this);
    return all.filter((one, i) => all.findIndex((other) => same(one, other)) === i) as CelInput<typeof LIST>;
  }),
];

const sets: CelFunc[] = [
  celFunc('sets.contains', [LIST, LIST], BOOL, (a, b) => {
    const all = items(a);
    return items(b).every((one) => all.some((other) => same(one, other)));
  }),
  celFunc('sets.intersects', [LIST, LIST], BOOL, (a, b) => {
    const all = items(a);
    return items(b).some((one) => all.some((other) => same(one, other)));
  }),
  celFunc('sets.equivalent', [LIST, LIST], BOOL, (a, b) => {
    const [left, right] = [items(a), items(b)];
    const within = (some: CelValue[], all: CelValue[]) =>
      some.every((one) => all.some((other) => same(one, other)));
    return within(left, right) && within(right, left);
  }),
];

/** All matches of an RE2 pattern, found by shrinking the text: patterns of rules are short and rare. */
function matchesIn(text: string, pattern: string, limit: number): string[] {
  const regex = compileRegex(pattern);
  if (typeof regex === 'string') throw new Error(regex);
  const found: string[] = [];
  const mark = '\u0001';
  const marked = regex.replaceAll(text, `${mark}\\0${mark}`).split(mark);
  for (let i = 1; i < marked.length && found.length < limit; i += 2) found.push(marked[i] as string);
  return found;
}

const regexes: CelFunc[] = [
  celMethod('find', STRING, [STRING], STRING, function (pattern) {
    return matchesIn(this as string, pattern, 1)[0] ?? '';
  }),
  celMethod('findAll', STRING, [STRING], LIST, function (pattern) {
    return matchesIn(this as string, pattern, Number.POSITIVE_INFINITY);
  }),
  celMethod('findAll', STRING, [STRING, INT], LIST, function (pattern, limit) {
    return matchesIn(this as string, pattern, Number(limit));
  }),
];

function parseUrl(text: string): URL | undefined {
  if (URL.canParse(text)) return new URL(text);
  return text.startsWith('/') ? new URL(text, 'relative://') : undefined;
}

function urlPart(name: string, part: (url: URL) => string): CelFunc {
  return celMethod(name, OPAQUE, [], STRING, function () {
    return part(parseUrl(textOf('url', this)) as URL);
  });
}

const urls: CelFunc[] = [
  celFunc('isURL', [STRING], BOOL, (text) => parseUrl(text) !== undefined),
  celFunc('url', [STRING], DYN, (text) => {
    if (parseUrl(text) === undefined)
      throw new Error(`URL parse error during conversion from string: ${text}`);
    return opaque('url', text);
  }),
  urlPart('getScheme', (url) => (url.protocol === 'relative:' ? '' : url.protocol.slice(0, -1))),
  urlPart('getHost', (url) => url.host),
  urlPart('getHostname', (url) => url.hostname.replace(/^\[|\]$/g, '')),
  urlPart('getPort', (url) => url.port),
  urlPart('getEscapedPath', (url) => url.pathname),
];

function nano(value: unknown): bigint {
  const quantity = parseQuantity(textOf('quantity', value));
  if (quantity === undefined) throw new Error('not a quantity');
  return quantity.nano;
}

function quantityOf(amount: bigint): CelInput {
  return opaque('quantity', `${amount}n`);
}

const billion = 1_000_000_000n;

const quantities: CelFunc[] = [
  celFunc('isQuantity', [STRING], BOOL, (text) => parseQuantity(text) !== undefined),
  celFunc('quantity', [STRING], DYN, (text) => {
    if (parseQuantity(text) === undefined)
      throw new Error(
        `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
      );
    return opaque('quantity', text);
  }),
  celMethod('isInteger', OPAQUE, [], BOOL, function () {
    return nano(this) % billion === 0n;
  }),
  celMethod('asInteger', OPAQUE, [], INT, function () {
    return nano(this) / billion;
  }),
  celMethod('asApproximateFloat', OPAQUE, [], DOUBLE, function () {
    return Number(nano(this)) / 1e9;
  }),
  celMethod('sign', OPAQUE, [], INT, function () {
    const amount = nano(this);
    return amount > 0n ? 1n : amount < 0n ? -1n : 0n;
  }),
  celMethod('isGreaterThan', OPAQUE, [OPAQUE], BOOL, function (other) {
    return nano(this) > nano(other);
  }),
  celMethod('isLessThan', OPAQUE, [OPAQUE], BOOL, function (other) {
    return nano(this) < nano(other);
  }),
  celMethod('compareTo', OPAQUE, [OPAQUE], INT, function (other) {
    return BigInt(compare(nano(this), nano(other)));
  }),
  celMethod('add', OPAQUE, [OPAQUE], DYN, function (other) {
    return quantityOf(nano(this) + nano(other));
  }),
  celMethod('sub', OPAQUE, [OPAQUE], DYN, function (other) {
    return quantityOf(nano(this) - nano(other));
  }),
  celMethod('add', OPAQUE, [INT], DYN, function (other) {
    return quantityOf(nano(this) + other * billion);
  }),
  celMethod('sub', OPAQUE, [INT], DYN, function (other) {
    return quantityOf(nano(this) - other * billion);
  }),
];

/** An address range as numbers. */
function range(text: string): { family: number; base: bigint; bits: number } | undefined {
  const [address = '', bits = ''] = text.split('/');
  const family = isIP(address);
  if (family === 0 || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) return undefined;
  return { family, base: addressNumber(address), bits: Number(bits) };
}

function addressNumber(text: string): bigint {
  if (isIPv4(text)) return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const host = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [head = '', tail] = host.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n);
}

function contains(outer: string, address: string, bits: number): boolean {
  const found = range(outer);
  if (found === undefined || isIP(address) !== found.family || bits < found.bits) return false;
  const shift = BigInt((found.family === 4 ? 32 : 128) - found.bits);
  return found.base >> shift === addressNumber(address) >> shift;
}

const addresses: CelFunc[] = [
  celFunc('isIP', [STRING], BOOL, (text) => isIP(text) !== 0),
  celFunc('isCIDR', [STRING], BOOL, (text) => range(text) !== undefined),
  celFunc('ip', [STRING], DYN, (text) => {
    if (isIP(text) === 0)
      throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
    return opaque('ip', text);
  }),
  celFunc('cidr', [STRING], DYN, (text) => {
    if (range(text) === undefined)
      throw new Error(`network address parse error during conversion from string: ${text}`);
    return opaque('cidr', text);
  }),
  celMethod('family', OPAQUE, [], INT, function () {
    return isIPv6(textOf('ip', this)) ? 6n : 4n;
  }),
  celMethod('isLoopback', OPAQUE, [], BOOL, function () {
    const text = textOf('ip', this);
    return contains(isIPv4(text) ? '127.0.0.0/8' : '::1/128', text, isIPv4(text) ? 32 : 128);
  }),
  celMethod('prefixLength', OPAQUE, [], INT, function () {
    return BigInt(range(textOf('cidr', this))?.bits ?? 0);
  }),
  celMethod('containsIP', OPAQUE, [STRING], BOOL, function (text) {
    return contains(textOf('cidr', this), text, 128);
  }),
  celMethod('containsIP', OPAQUE, [OPAQUE], BOOL, function (address) {
    return contains(textOf('cidr', this), textOf('ip', address), 128);
  }),
  celMethod('containsCIDR', OPAQUE, [STRING], BOOL, function (text) {
    return contains(textOf('cidr', this), text.split('/')[0] ?? '', range(text)?.bits ?? -1);
  }),
];

/** Kubernetes' CEL libraries (Kubernetes documentation, "CEL options, language features and libraries") on top of the standard and string functions. */
export const kubernetesFunctions: readonly CelFunc[] = [
  ...lists,
  ...sets,
  ...regexes,
  ...urls,
  ...quantities,
  ...addresses,
];

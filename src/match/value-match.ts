import { Cidr, parseIp } from '../base/cidr.ts';
import type { FilterStateMatcher, MetadataMatcher, ValueMatcher } from '../xds/messages/matcher.ts';
import { ConfigFault } from './config-fault.ts';
import { compileStringMatcher } from './string-match.ts';

/** A compiled matcher of JSON values; `undefined` is a value that is not there. */
export type ValueTest = (value: unknown) => boolean;

/** envoy.type.matcher.v3.ValueMatcher. Throws ConfigFault. */
export function compileValueMatcher(matcher: ValueMatcher): ValueTest {
  if (matcher.null_match !== undefined) return (value) => value === null;
  if (matcher.bool_match !== undefined) return (value) => value === matcher.bool_match;
  if (matcher.present_match !== undefined) return (value) => (value !== undefined) === matcher.present_match;
  if (matcher.string_match !== undefined) {
    const test = compileStringMatcher(matcher.string_match);
    return (value) => typeof value === 'string' && test(value);
  }
  if (matcher.double_match !== undefined) {
    const { range, exact } = matcher.double_match;
    if (range === undefined) return (value) => value === exact;
    return (value) => typeof value === 'number' && value >= range.start && value < range.end;
  }
  if (matcher.list_match?.one_of !== undefined) {
    const test = compileValueMatcher(matcher.list_match.one_of);
    return (value) => Array.isArray(value) && value.some(test);
  }
  const tests = (matcher.or_match?.value_matchers ?? []).map(compileValueMatcher);
  return (value) => tests.some((test) => test(value));
}

export interface MetadataTest {
  readonly namespace: string;
  matches(metadata: Readonly<Record<string, unknown>> | undefined): boolean;
}

/** envoy.type.matcher.v3.MetadataMatcher: looks a value up by path and tests it. Throws ConfigFault. */
export function compileMetadataMatcher(matcher: MetadataMatcher): MetadataTest {
  const path = matcher.path.map((segment) => segment.key ?? '');
  const test = compileValueMatcher(matcher.value);
  return {
    namespace: matcher.filter,
    matches: (metadata) => test(valueAt(metadata, path)) !== matcher.invert,
  };
}

/** The value at a path of keys, or undefined. Only own members count. */
export function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
      return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** envoy.type.matcher.v3.FilterStateMatcher over the value a filter stored. Throws ConfigFault. */
export function compileFilterStateMatcher(matcher: FilterStateMatcher): {
  readonly key: string;
  readonly matches: ValueTest;
} {
  if (matcher.string_match !== undefined) {
    const test = compileStringMatcher(matcher.string_match);
    return { key: matcher.key, matches: (value) => value !== undefined && test(String(value)) };
  }
  const ranges = (matcher.address_match?.ranges ?? []).map((range) =>
    cidrOf(range.address_prefix, range.prefix_len),
  );
  return {
    key: matcher.key,
    matches: (value) => {
      const ip = typeof value === 'string' ? parseIp(value.replace(/:\d+$/, '')) : undefined;
      return ip !== undefined && ranges.some((range) => range.contains(ip));
    },
  };
}

/** A CIDR range of the configuration. Throws ConfigFault when it is none. */
export function cidrOf(address: string, bits: number): Cidr {
  const cidr = Cidr.of(address, bits);
  if (cidr === undefined) throw new ConfigFault('', `malformed IP range: ${address}/${bits}`);
  return cidr;
}

import type { CookieMatcher, HeaderMatcher, QueryParameterMatcher } from '../xds/messages/route-match.ts';
import { within } from './config-fault.ts';
import { type HeaderReader, headerValue, type RequestView } from './request.ts';
import { compileRegexMatcher, compileStringMatcher, type StringTest } from './string-match.ts';

/** A compiled condition on a request. */
export type RequestTest = (request: RequestView) => boolean;

/**
 * envoy.config.route.v3.HeaderMatcher. Every value of a repeated header is tested by itself: one that matches is enough, and inverted none may
 * (CVE-2026-26308). A header that is not there matches nothing but presence rules, also when inverted, unless
 * `treat_missing_header_as_empty`. Throws ConfigFault.
 */
export function compileHeaderMatcher(matcher: HeaderMatcher): RequestTest {
  const name = matcher.name.toLowerCase();
  const test = compileHeaderTest(matcher);
  if (name.startsWith(':') || name === 'host') return (request) => test.value(headerValue(request, name));
  return (request) => test.fields(request.headers.fields, name);
}

/** The same over bare headers (responses, trailers). */
export function compileFieldMatcher(matcher: HeaderMatcher): (headers: HeaderReader) => boolean {
  const test = compileHeaderTest(matcher);
  const name = matcher.name.toLowerCase();
  return (headers) => test.fields(headers.fields, name);
}

interface HeaderTest {
  /** Over one value; `undefined` is a header that is not there. */
  value(value: string | undefined): boolean;
  /** Over the flat list `[name, value, …]`. */
  fields(fields: readonly string[], name: string): boolean;
}

function compileHeaderTest(matcher: HeaderMatcher): HeaderTest {
  const { invert_match: invert, treat_missing_header_as_empty: emptyForMissing } = matcher;
  const test = headerValueTest(matcher);
  if (test === undefined) {
    const wanted = (matcher.present_match ?? true) !== invert;
    const answer = (there: boolean) => (there || emptyForMissing) === wanted;
    return {
      value: (value) => answer(value !== undefined),
      fields: (fields, name) => answer(hasField(fields, name)),
    };
  }
  const missing = emptyForMissing && test('') !== invert;
  return {
    value: (value) => (value === undefined ? missing : test(value) !== invert),
    fields(fields, name) {
      let there = false;
      for (let i = 0; i < fields.length; i += 2) {
        if (fields[i] !== name) continue;
        there = true;
        if (test(fields[i + 1] as string)) return !invert;
      }
      return there ? invert : missing;
    },
  };
}

function hasField(fields: readonly string[], name: string): boolean {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return true;
  return false;
}

function headerValueTest(matcher: HeaderMatcher): StringTest | undefined {
  const {
    exact_match: exact,
    prefix_match: prefix,
    suffix_match: suffix,
    contains_match: contains,
    range_match: range,
  } = matcher;
  if (matcher.string_match !== undefined)
    return within('string_match', () => compileStringMatcher(matcher.string_match!));
  if (exact !== undefined) return exact === '' ? undefined : (value) => value === exact;
  if (prefix !== undefined) return (value) => value.startsWith(prefix);
  if (suffix !== undefined) return (value) => value.endsWith(suffix);
  if (contains !== undefined) return (value) => value.includes(contains);
  if (matcher.safe_regex_match !== undefined) {
    const regex = within('safe_regex_match', () => compileRegexMatcher(matcher.safe_regex_match!));
    return (value) => regex.matches(value);
  }
  if (range !== undefined) {
    return (value) => {
      if (!/^[+-]?\d+$/.test(value)) return false;
      const number = Number(value);
      return number >= range.start && number < range.end;
    };
  }
  return undefined;
}

/** Conditions all of which must hold; undefined when there are none. */
export function allHeaders(matchers: readonly HeaderMatcher[]): RequestTest | undefined {
  if (matchers.length === 0) return undefined;
  const tests = matchers.map((matcher, i) => within(`headers[${i}]`, () => compileHeaderMatcher(matcher)));
  if (tests.length === 1) return tests[0];
  return (request) => {
    for (const test of tests) if (!test(request)) return false;
    return true;
  };
}

/** envoy.config.route.v3.QueryParameterMatcher: the first value of a parameter, not decoded. Throws ConfigFault. */
export function compileQueryMatcher(matcher: QueryParameterMatcher): (path: string) => boolean {
  const { name, string_match: match, present_match: present } = matcher;
  if (match !== undefined) {
    const test = within('string_match', () => compileStringMatcher(match));
    return (path) => {
      const value = queryParameter(path, name);
      return value !== undefined && test(value);
    };
  }
  const wanted = present ?? true;
  return (path) => (queryParameter(path, name) !== undefined) === wanted;
}

/** The first value of a query parameter as written, '' for one without `=`, undefined when it is not there. */
export function queryParameter(path: string, name: string): string | undefined {
  let start = path.indexOf('?') + 1;
  if (start === 0) return undefined;
  const end = path.indexOf('#', start) < 0 ? path.length : path.indexOf('#', start);
  while (start <= end) {
    let next = path.indexOf('&', start);
    if (next < 0 || next > end) next = end;
    const equals = path.indexOf('=', start);
    const nameEnd = equals < 0 || equals > next ? next : equals;
    if (nameEnd - start === name.length && path.startsWith(name, start))
      return nameEnd === next ? '' : path.slice(nameEnd + 1, next);
    start = next + 1;
  }
  return undefined;
}

/** envoy.config.route.v3.CookieMatcher. Throws ConfigFault. */
export function compileCookieMatcher(matcher: CookieMatcher): RequestTest {
  const test = within('string_match', () => compileStringMatcher(matcher.string_match));
  return (request) => {
    const value = cookieValue(request.headers, matcher.name);
    return value === undefined ? false : test(value) !== matcher.invert_match;
  };
}

/** The value of a cookie, unquoted, or undefined. */
export function cookieValue(headers: HeaderReader, name: string): string | undefined {
  const all = headers.getJoined('cookie');
  if (all === undefined) return undefined;
  for (const part of all.split(/[;,]/)) {
    const equals = part.indexOf('=');
    if (equals < 0 || part.slice(0, equals).trim() !== name) continue;
    const value = part.slice(equals + 1).trim();
    return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  }
  return undefined;
}

import type { HttpMatch, StringMatch } from '../../mesh/index.ts';
import type { Json } from '../typed.ts';
import { compact } from '../typed.ts';
import { isPresence, stringMatcher } from './string-match.ts';

export const matchAll: Json = { prefix: '/' };

/** A RouteMatch from one match block; all its conditions must hold (Istio: route.TranslateRouteMatch). */
export function routeMatch(match: HttpMatch | undefined): Json {
  if (match === undefined) return matchAll;
  const headers = [...headerMatchers(match), ...pseudoHeaders(match)];
  const query = Object.entries(match.queryParams ?? {}).map(([name, value]) =>
    isPresence(value)
      ? { name, present_match: true }
      : { name, string_match: stringMatcher(value as StringMatch) },
  );
  return compact({
    ...pathSpecifier(match.uri),
    case_sensitive: !match.ignoreUriCase,
    headers: headers.length === 0 ? undefined : headers,
    query_parameters: query.length === 0 ? undefined : query,
  });
}

function pathSpecifier(uri: StringMatch | undefined): Json {
  if (uri?.exact !== undefined) return { path: uri.exact };
  if (uri?.prefix !== undefined) return { prefix: uri.prefix };
  if (uri?.regex !== undefined) return { safe_regex: { regex: uri.regex } };
  return matchAll;
}

function headerMatchers(match: HttpMatch): Json[] {
  const wanted: Json[] = Object.entries(match.headers ?? {}).map(([name, value]) =>
    headerMatcher(name, value),
  );
  const unwanted: Json[] = Object.entries(match.withoutHeaders ?? {}).map(([name, value]) => ({
    ...headerMatcher(name, value),
    invert_match: true,
    // A missing header is not the unwanted value; with present_match Envoy refuses the flag.
    ...(isPresence(value) ? {} : { treat_missing_header_as_empty: true }),
  }));
  return [...wanted, ...unwanted].sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
}

function pseudoHeaders(match: HttpMatch): Json[] {
  const pairs: [string, StringMatch | undefined][] = [
    [':method', match.method],
    [':authority', match.authority],
    [':scheme', match.scheme],
  ];
  return pairs.filter(([, value]) => value !== undefined).map(([name, value]) => headerMatcher(name, value));
}

function headerMatcher(name: string, value: StringMatch | null | undefined): Json {
  return isPresence(value)
    ? { name, present_match: true }
    : { name, string_match: stringMatcher(value as StringMatch) };
}

/** Whether a translated route matches every request, so that nothing after it can be reached. */
export function isCatchAll(match: Json): boolean {
  if (match['headers'] !== undefined || match['query_parameters'] !== undefined) return false;
  if (match['prefix'] === '/') return true;
  return (match['safe_regex'] as { regex?: string } | undefined)?.regex === '*';
}

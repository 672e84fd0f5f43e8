import type { StringMatch } from '../../mesh/index.ts';
import type { Json } from '../typed.ts';

/** Envoy's StringMatcher. */
export function stringMatcher(match: StringMatch): Json {
  if (match.exact !== undefined) return { exact: match.exact };
  if (match.prefix !== undefined) return { prefix: match.prefix };
  return { safe_regex: { regex: match.regex ?? '' } };
}

/** Whether only presence is asked for: an empty match, or the regex `*`, which is not RE2 and means "there". */
export function isPresence(match: StringMatch | null | undefined): boolean {
  if (match === null || match === undefined) return true;
  return (
    (match.exact === undefined && match.prefix === undefined && match.regex === undefined) ||
    match.regex === '*'
  );
}

import { compileRegex, groupCount, highestGroup, type Regex } from '../base/regex.ts';
import type {
  ListStringMatcher,
  RegexMatchAndSubstitute,
  RegexMatcher,
  StringMatcher,
} from '../xds/messages/matcher.ts';
import { ConfigFault } from './config-fault.ts';

/** A compiled string matcher; no allocation a call unless case is ignored. */
export type StringTest = (text: string) => boolean;

export function compileRegexMatcher(matcher: RegexMatcher): Regex {
  const compiled = compileRegex(matcher.regex);
  if (typeof compiled === 'string')
    throw new ConfigFault('regex', `invalid regex ${JSON.stringify(matcher.regex)}: ${compiled}`);
  return compiled;
}

/** envoy.type.matcher.v3.StringMatcher. Regexes match the whole string. Throws ConfigFault. */
export function compileStringMatcher(matcher: StringMatcher): StringTest {
  if (matcher.safe_regex !== undefined) {
    const regex = compileRegexMatcher(matcher.safe_regex);
    return (text) => regex.matches(text);
  }
  const plain = plainTest(matcher, matcher.ignore_case ? lowerCase : asIs);
  if (!matcher.ignore_case) return plain;
  return (text) => plain(text.toLowerCase());
}

const lowerCase = (text: string) => text.toLowerCase();
const asIs = (text: string) => text;

function plainTest(matcher: StringMatcher, fold: (text: string) => string): StringTest {
  if (matcher.exact !== undefined) {
    const exact = fold(matcher.exact);
    return (text) => text === exact;
  }
  if (matcher.prefix !== undefined) {
    const prefix = fold(matcher.prefix);
    return (text) => text.startsWith(prefix);
  }
  if (matcher.suffix !== undefined) {
    const suffix = fold(matcher.suffix);
    return (text) => text.endsWith(suffix);
  }
  const part = fold(matcher.contains ?? '');
  return (text) => text.includes(part);
}

export function compileListMatcher(list: ListStringMatcher | undefined): StringTest | undefined {
  return list === undefined ? undefined : anyOf(list.patterns.map(compileStringMatcher));
}

/** True when one of the tests is. */
export function anyOf(tests: readonly StringTest[]): StringTest {
  if (tests.length === 1) return tests[0] as StringTest;
  return (text) => {
    for (const test of tests) if (test(text)) return true;
    return false;
  };
}

/** `regex_rewrite`: replaces every match of the pattern. */
export function compileSubstitution(rule: RegexMatchAndSubstitute): (text: string) => string {
  const regex = compileRegexMatcher(rule.pattern);
  const highest = highestGroup(rule.substitution);
  // RE2 leaves the text alone when the replacement names a group the pattern does not have.
  if (highest < 0 || highest > groupCount(rule.pattern.regex)) return (text) => text;
  return (text) => regex.replaceAll(text, rule.substitution);
}

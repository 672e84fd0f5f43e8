import { RE2JS, RE2JSException } from 're2js';

/**
 * Regular expressions users write. They have RE2's syntax and linear time, as Envoy and Istio promise; no user pattern ever reaches
 * the backtracking engine unless it is of a form that cannot backtrack for long (see `nativeForm`). Subject strings are latin1: one
 * character a byte, which is how headers and paths are kept.
 */
export interface Regex {
  /** Whether the whole of `text` matches. */
  matches(text: string): boolean;
  /** Whether some part of `text` matches. */
  contains(text: string): boolean;
  /** Replaces every match. The replacement is RE2's: `\1` names a group, `\0` the whole match, `\\` a backslash. */
  replaceAll(text: string, replacement: string): string;
  /** The groups of a match of the whole text (index 0 is the text itself), or undefined. */
  capture(text: string): string[] | undefined;
}

/** Longer patterns are refused: nobody writes them, and programs grow with them. */
export const maxPatternLength = 32_768;

const cache = new Map<string, Regex | string>();
const maxCached = 5_000;

/** The compiled pattern, or a string that says what is wrong with it. */
export function compileRegex(pattern: string): Regex | string {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const compiled = build(pattern);
  if (cache.size >= maxCached) cache.clear();
  cache.set(pattern, compiled);
  return compiled;
}

function build(pattern: string): Regex | string {
  if (pattern.length > maxPatternLength) return `the pattern is longer than ${maxPatternLength} characters`;
  try {
    const re2 = RE2JS.compile(pattern);
    const native = nativeForm(pattern);
    return native === undefined ? new Re2Regex(re2) : new NativeRegex(re2, native);
  } catch (thrown) {
    if (thrown instanceof RE2JSException || thrown instanceof Error) return thrown.message;
    return String(thrown);
  }
}

class Re2Regex implements Regex {
  protected readonly re2: RE2JS;

  constructor(re2: RE2JS) {
    this.re2 = re2;
  }

  matches(text: string): boolean {
    return this.re2.testExact(text);
  }

  contains(text: string): boolean {
    return this.re2.test(text);
  }

  replaceAll(text: string, replacement: string): string {
    const parts = replacementParts(replacement);
    const matcher = this.re2.matcher(text);
    let out = '';
    let done = 0;
    while (matcher.find()) {
      out += text.slice(done, matcher.start());
      for (const part of parts) out += typeof part === 'number' ? (matcher.group(part) ?? '') : part;
      done = matcher.end();
    }
    return out + text.slice(done);
  }

  capture(text: string): string[] | undefined {
    const matcher = this.re2.matcher(text);
    if (!matcher.matches()) return undefined;
    return Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? '');
  }
}

/** Same answers as RE2 on patterns `nativeForm` accepts, an order of magnitude quicker. */
class NativeRegex extends Re2Regex {
  readonly #full: RegExp;

  constructor(re2: RE2JS, native: string) {
    super(re2);
    this.#full = new RegExp(`^(?:${native})$(?![\\s\\S])`);
  }

  override matches(text: string): boolean {
    return this.#full.test(text);
  }
}

/** `a\1\\` → `['a', 1, '\\']`: literals and group numbers. */
function replacementParts(replacement: string): (string | number)[] {
  return replacement
    .split(/(\\[\s\S])/)
    .map((part) => (/^\\\d$/.test(part) ? Number(part[1]) : part === '\\\\' ? '\\' : part));
}

/** The highest group a replacement names, or -1 when a backslash is followed by something else. */
export function highestGroup(replacement: string): number {
  let highest = 0;
  for (const [, next] of replacement.matchAll(/\\([\s\S]?)/g)) {
    if (next === '\\') continue;
    if (next === undefined || !/^\d$/.test(next)) return -1;
    highest = Math.max(highest, Number(next));
  }
  return highest;
}

/** Number of capturing groups in a pattern that compiles. */
export function groupCount(pattern: string): number {
  return RE2JS.compile(pattern).groupCount();
}

/** One character of a pattern: a literal, an escape with equal meaning in both engines, a simple class, a dot. */
const atom =
  /^(?:[A-Za-z0-9_/\-~%@&=:;,<>"'!# ]|\\[.\-/+*?()[\]{}|^$\\dDwW]|\.|\[\^?(?:[A-Za-z0-9_./:@%+~=,;!#&* -]|\\[\w.\-/])+\])/;

/**
 * The pattern for the built-in engine when that is provably safe, else undefined. Safe are sequences of atoms with at most one unbounded
 * quantifier and three optional ones in all, inside at most one level of unquantified groups and alternatives: matching such a pattern from
 * a fixed start takes time proportional to the text, and its meaning is the same in both engines. `.` is written out as RE2 means it.
 */
export function nativeForm(pattern: string): string | undefined {
  let out = '';
  let unbounded = 0;
  let optional = 0;
  let alternatives = 0;
  let depth = 0;
  let rest = pattern;
  while (rest !== '') {
    const found = atom.exec(rest)?.[0];
    if (found === undefined) {
      const sign = rest[0] as string;
      if (sign === '(' && !rest.startsWith('(?') && depth === 0) depth++;
      else if (sign === ')' && depth === 1 && !/^\)[*+?{]/.test(rest)) depth--;
      else if (sign === '|') alternatives++;
      else return undefined;
      out += sign;
      rest = rest.slice(1);
      continue;
    }
    if (found === '\\w' || found === '\\W' || /^\[.*\\[A-Za-z]/.test(found)) return undefined;
    out += found === '.' ? '[^\\n]' : found;
    rest = rest.slice(found.length);
    const quantifier = /^[*+?]/.exec(rest)?.[0];
    if (quantifier !== undefined) {
      if (quantifier === '?') optional++;
      else unbounded++;
      out += quantifier;
      rest = rest.slice(1);
    }
    if (/^[*+?{]/.test(rest)) return undefined;
  }
  return unbounded <= 1 && optional <= 3 && alternatives <= 32 && depth === 0 ? out : undefined;
}

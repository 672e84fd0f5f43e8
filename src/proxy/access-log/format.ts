import type { HeaderMap } from '../http/header-map.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';
import type { StreamInfo } from '../http/stream-info.ts';
import { compileOperator } from './operator.ts';

/** What format operators read. */
export interface FormatContext {
  readonly info: StreamInfo;
  readonly request: RequestHead | undefined;
  readonly response: ResponseHead | undefined;
  readonly responseTrailers: HeaderMap | undefined;
  readonly localReplyBody: string;
}

/** One operator: its text, a number where Envoy's JSON keeps one, or undefined for "no value". */
export type Operator = (context: FormatContext) => string | number | undefined;

/** The pieces of a format string: literal text and operators. */
export type FormatPart = string | Operator;

/** Thrown for a format string that cannot be understood; the message names the operator. */
export class FormatError extends Error {}

/**
 * Splits Envoy's format string (`%REQ(:METHOD)% %RESPONSE_CODE%`) into parts, once per configuration. `%%` is a per cent sign, `%OP(arg):n%` cuts the value
 * to n characters. Throws FormatError.
 */
export function parseFormat(text: string): readonly FormatPart[] {
  const parts: FormatPart[] = [];
  let literal = '';
  for (let at = 0; at < text.length; ) {
    const start = text.indexOf('%', at);
    if (start < 0) {
      literal += text.slice(at);
      break;
    }
    literal += text.slice(at, start);
    if (text[start + 1] === '%') {
      literal += '%';
      at = start + 2;
      continue;
    }
    const match = /^%([A-Z0-9_]+)(?:\(([^)]*(?:\)[^)%:]+)*)\))?(?::(\d+))?%/.exec(text.slice(start));
    if (match === null)
      throw new FormatError(
        `"${text.slice(start, start + 40)}" is no format operator (write %% for a per cent sign)`,
      );
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(limited(compileOperator(match[1] as string, match[2]), match[3]));
    at = start + match[0].length;
  }
  if (literal !== '') parts.push(literal);
  return parts;
}

function limited(operator: Operator, length: string | undefined): Operator {
  if (length === undefined) return operator;
  const max = Number(length);
  return (context) => {
    const value = operator(context);
    return typeof value === 'string' ? value.slice(0, max) : value;
  };
}

/** Renders a whole format string; `absent` stands for operators without value (`-` in access logs, '' in headers). */
export function compileText(text: string, absent: string): (context: FormatContext) => string {
  const parts = parseFormat(text);
  const [only] = parts;
  if (parts.length === 0) return () => '';
  if (parts.length === 1 && typeof only === 'string') return () => only;
  return (context) => {
    let result = '';
    for (const part of parts) {
      if (typeof part === 'string') result += part;
      else {
        const value = part(context);
        result += value === undefined ? absent : value;
      }
    }
    return result;
  };
}

/** Whether a format string has operators at all. */
export function isLiteral(text: string): boolean {
  return !text.includes('%');
}

import { type FormatContext, type FormatPart, parseFormat } from './format.ts';

type Render = (context: FormatContext) => string | undefined;

/**
 * Compiles Envoy's JSON log format: each string value is a format string; one that is a single operator keeps its type (number or string,
 * null when absent), anything else becomes a string. With `omitEmpty` absent members are left out. The result ends with a line feed.
 */
export function compileJson(
  format: Readonly<Record<string, unknown>>,
  omitEmpty: boolean,
): (context: FormatContext) => string {
  const render = object(format, omitEmpty);
  return (context) => `${render(context) ?? '{}'}\n`;
}

function object(format: Readonly<Record<string, unknown>>, omitEmpty: boolean): Render {
  const members = Object.entries(format).map(([key, value]) => ({
    label: `${JSON.stringify(key)}:`,
    render: anyValue(value, omitEmpty),
  }));
  return (context) => {
    let text = '';
    for (const { label, render } of members) {
      const value = render(context);
      if (value === undefined) continue;
      text += (text === '' ? '' : ',') + label + value;
    }
    return `{${text}}`;
  };
}

function anyValue(value: unknown, omitEmpty: boolean): Render {
  if (typeof value === 'string') return stringValue(parseFormat(value), omitEmpty);
  if (Array.isArray(value)) {
    const items = value.map((item) => anyValue(item, omitEmpty));
    return (context) => `[${items.map((item) => item(context) ?? 'null').join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) return object(value as Record<string, unknown>, omitEmpty);
  const constant = JSON.stringify(value) ?? 'null';
  return () => constant;
}

function stringValue(parts: readonly FormatPart[], omitEmpty: boolean): Render {
  const [only] = parts;
  if (parts.length === 1 && typeof only === 'function') {
    return (context) => {
      const value = only(context);
      if (value === undefined) return omitEmpty ? undefined : 'null';
      return typeof value === 'number' ? String(value) : JSON.stringify(utf8(value));
    };
  }
  return (context) => {
    let text = '';
    for (const part of parts)
      text += typeof part === 'string' ? part : utf8(String(part(context) ?? (omitEmpty ? '' : '-')));
    return JSON.stringify(text);
  };
}

/** Header values are latin1 strings of bytes; logs are UTF-8. */
function utf8(text: string): string {
  return /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
}

import { parseDuration } from '../../base/duration.ts';
import { child, item, type Report } from './report.ts';
import type { Schema } from './schema.ts';
import { didYouMean } from './suggest.ts';

export interface DecodeOptions {
  /**
   * Take what proto3-JSON takes: numbers as text, enum values as numbers, field names in snake_case. MeshConfig and the operator's values
   * are read so; for custom resources the API server does not allow it.
   */
  readonly lenient?: boolean;
}

/**
 * Checks a value against its schema and returns it in canonical form: null fields dropped, former names replaced, durations left as
 * written. Every fault is reported with its path; the result has only what is sound, so the rules after it need not check types again.
 */
export function decode(
  schema: Schema,
  value: unknown,
  path: string,
  report: Report,
  options: DecodeOptions = {},
): unknown {
  return new Decoder(report, options.lenient === true).node(schema, value, path);
}

class Decoder {
  readonly #report: Report;
  readonly #lenient: boolean;

  constructor(report: Report, lenient: boolean) {
    this.#report = report;
    this.#lenient = lenient;
  }

  node(schema: Schema, value: unknown, path: string): unknown {
    if (schema['x-kubernetes-int-or-string']) return this.#intOrString(schema, value, path);
    switch (schema.type) {
      case undefined:
        return this.#free(value, path);
      case 'object':
        return this.#object(schema, value, path);
      case 'array':
        return this.#array(schema, value, path);
      case 'string':
        return this.#string(schema, value, path);
      case 'boolean':
        return typeof value === 'boolean' ? value : this.#wrongType(path, value, 'true or false');
      case 'integer':
      case 'number':
        return this.#number(schema, value, path);
    }
  }

  #object(schema: Schema, value: unknown, path: string): unknown {
    if (!isRecord(value)) return this.#wrongType(path, value, 'an object with fields');
    if (schema.properties === undefined && schema.additionalProperties === undefined)
      return this.#free(value, path);
    this.#size(path, Object.keys(value).length, schema.minProperties, schema.maxProperties, 'entries');
    if (schema.additionalProperties !== undefined) return this.#map(schema.additionalProperties, value, path);
    const fields = schema.properties ?? {};
    const out: Record<string, unknown> = {};
    for (const [name, child_] of Object.entries(value)) {
      const known = this.#fieldName(schema, fields, name);
      if (known === undefined) {
        if (schema['x-kubernetes-preserve-unknown-fields'] && !this.#lenient) out[name] = child_;
        else
          this.#report.error(
            'UnknownField',
            child(path, name),
            `unknown field ${JSON.stringify(clip(name))}${didYouMean(name, Object.keys(fields))}`,
          );
      } else if (child_ !== null && child_ !== undefined) {
        const decoded = this.node(fields[known] as Schema, child_, child(path, name));
        if (decoded !== undefined) out[schema['x-lateen-aliases']?.[known] ?? known] = decoded;
      }
    }
    this.#presence(schema, value, path);
    return out;
  }

  #fieldName(schema: Schema, fields: Readonly<Record<string, Schema>>, name: string): string | undefined {
    if (Object.hasOwn(fields, name)) return name;
    if (!this.#lenient) return undefined;
    const camel = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    if (Object.hasOwn(fields, camel)) return camel;
    const aliases = schema['x-lateen-aliases'];
    return aliases !== undefined && Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  }

  /** Required fields, and groups of which one field at most may be there. */
  #presence(schema: Schema, value: Record<string, unknown>, path: string): void {
    for (const name of schema.required ?? []) {
      if (value[name] === undefined || value[name] === null)
        this.#report.error('MissingField', path, `${name} is required`);
    }
    for (const [alias, name] of Object.entries(schema['x-lateen-aliases'] ?? {})) {
      if (
        value[alias] !== undefined &&
        value[alias] !== null &&
        value[name] !== undefined &&
        value[name] !== null
      )
        this.#report.error(
          'Conflict',
          child(path, alias),
          `${alias} is a former name of ${name}; only one of them may be set`,
        );
    }
    for (const group of schema['x-lateen-one-of'] ?? []) {
      const given = group.filter((name) => value[name] !== undefined && value[name] !== null);
      if (given.length > 1)
        this.#report.error(
          'Conflict',
          child(path, given[1] as string),
          `only one of ${given.join(' and ')} may be set`,
        );
    }
  }

  #map(values: Schema, value: Record<string, unknown>, path: string): unknown {
    const out: Record<string, unknown> = {};
    for (const [name, entry] of Object.entries(value)) {
      if (name === '__proto__') {
        this.#report.error('ReservedKey', child(path, name), `key ${JSON.stringify(name)} is reserved`);
        continue;
      }
      if (entry === null || entry === undefined) {
        this.#nullEntry(values, child(path, name));
        continue;
      }
      const decoded = this.node(values, entry, child(path, name));
      if (decoded !== undefined) out[name] = decoded;
    }
    return out;
  }

  /** The API server drops null entries of maps without a word. */
  #nullEntry(values: Schema, path: string): void {
    if (values.type === 'object') this.#report.error('NullEntry', path, 'has no value; write {} to mean any');
    else this.#report.warning('NullEntry', path, 'has no value and is left out');
  }

  #array(schema: Schema, value: unknown, path: string): unknown {
    if (!Array.isArray(value)) return this.#wrongType(path, value, 'a list');
    this.#size(path, value.length, schema.minItems, schema.maxItems, 'entries');
    const out: unknown[] = [];
    for (let index = 0; index < value.length; index++) {
      const entry: unknown = value[index];
      if (entry === null || entry === undefined) {
        this.#report.error('NullEntry', item(path, index), 'an entry of a list may not be null');
        continue;
      }
      const decoded = this.node(schema.items as Schema, entry, item(path, index));
      if (decoded !== undefined) out.push(decoded);
    }
    this.#uniqueKeys(schema, value, path);
    return out;
  }

  #uniqueKeys(schema: Schema, list: readonly unknown[], path: string): void {
    const keys = schema['x-kubernetes-list-map-keys'];
    if (keys === undefined) return;
    const seen = new Set<string>();
    list.forEach((entry, index) => {
      if (!isRecord(entry)) return;
      const key = JSON.stringify(keys.map((name) => entry[name]));
      if (seen.has(key))
        this.#report.error(
          'Duplicate',
          item(path, index),
          `another entry has the same ${keys.join(' and ')}: ${keys.map((name) => String(entry[name])).join(', ')}`,
        );
      seen.add(key);
    });
  }

  #string(schema: Schema, value: unknown, path: string): unknown {
    if (typeof value !== 'string') {
      if (schema.enum !== undefined && this.#lenient && typeof value === 'number')
        return schema.enum[value] ?? this.#badWord(schema, value, path);
      if (schema['x-lateen-duration']) return this.#wrongType(path, value, 'a duration such as 10s');
      const quoted = typeof value === 'number' || typeof value === 'boolean' ? '; put it in quotes' : '';
      return this.#wrongType(path, value, 'text', quoted);
    }
    if (schema.enum !== undefined && !schema.enum.includes(value)) return this.#badWord(schema, value, path);
    if (schema['x-lateen-duration'] && !this.#isDuration(schema, value, path)) return undefined;
    if (schema.minLength !== undefined || schema.maxLength !== undefined)
      this.#size(path, [...value].length, schema.minLength, schema.maxLength, 'characters');
    if (schema.pattern !== undefined && !pattern(schema.pattern).test(value))
      this.#report.error('InvalidValue', path, `${quote(value)} does not match ${schema.pattern}`);
    if (schema.format === 'byte' && !base64.test(value))
      this.#report.error('InvalidValue', path, 'must be base64');
    return value;
  }

  /** Most durations must be at least 1 ms; those without the CEL rule may be anything. */
  #isDuration(schema: Schema, value: string, path: string): boolean {
    const ms = parseDuration(value);
    if (ms === undefined)
      this.#report.error(
        'InvalidDuration',
        path,
        `${quote(value)} is not a duration; write it like 1.5s, 100ms or 1h`,
      );
    else if (ms < 1 && schema['x-kubernetes-validations'] !== undefined)
      this.#report.error('InvalidDuration', path, `duration ${value} is shorter than 1ms`);
    return ms !== undefined;
  }

  #badWord(schema: Schema, value: unknown, path: string): undefined {
    const words = schema.enum ?? [];
    const hint = typeof value === 'string' ? didYouMean(value, words) : '';
    this.#report.error(
      'InvalidValue',
      path,
      `${quote(String(value))} is not one of ${words.join(', ')}${hint}`,
    );
    return undefined;
  }

  #number(schema: Schema, value: unknown, path: string): unknown {
    const number =
      this.#lenient && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
    const whole = schema.type === 'integer';
    if (typeof number !== 'number')
      return this.#wrongType(path, value, whole ? 'a whole number' : 'a number');
    if (whole && !Number.isInteger(number)) return this.#wrongType(path, value, 'a whole number');
    const [low, high] = bounds(schema);
    if (number < low || number > high || (whole && !Number.isSafeInteger(number))) {
      const fault =
        number < low ? `is less than ${low}` : high === Infinity ? 'is too large' : `is greater than ${high}`;
      this.#report.error('OutOfRange', path, `${number} ${fault}`);
      return undefined;
    }
    return number;
  }

  #intOrString(schema: Schema, value: unknown, path: string): unknown {
    if (typeof value === 'string' || Number.isSafeInteger(value)) return value;
    return this.#wrongType(path, value, schema.format ?? 'a whole number or text');
  }

  /** Free-form JSON is kept, but a key that would reach a prototype is refused. */
  #free(value: unknown, path: string): unknown {
    const fault = freeFormFault(value, 0);
    if (fault === undefined) return value;
    this.#report.error('InvalidValue', path, fault);
    return undefined;
  }

  #size(path: string, size: number, low: number | undefined, high: number | undefined, what: string): void {
    if (low !== undefined && size < low)
      this.#report.error(
        'TooFew',
        path,
        `must have at least ${low} ${low === 1 ? what.replace(/ies$/, 'y').replace(/s$/, '') : what}`,
      );
    if (high !== undefined && size > high)
      this.#report.error('TooMany', path, `has ${size} ${what}; at most ${high} are allowed`);
  }

  #wrongType(path: string, value: unknown, wanted: string, advice = ''): undefined {
    this.#report.error('WrongType', path, `must be ${wanted}, not ${nameOf(value)}${advice}`);
    return undefined;
  }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const patterns = new Map<string, RegExp>();

/** Patterns come from schemas, never from users. */
function pattern(source: string): RegExp {
  const known = patterns.get(source);
  if (known !== undefined) return known;
  const regex = new RegExp(source, 'u');
  patterns.set(source, regex);
  return regex;
}

function bounds(schema: Schema): readonly [number, number] {
  const int32 = schema.format === 'int32';
  const safe = Number.MAX_SAFE_INTEGER;
  const [low, high] = int32
    ? [-2147483648, 2147483647]
    : schema.type === 'integer'
      ? [-safe, safe]
      : [-Infinity, Infinity];
  return [schema.minimum ?? low, schema.maximum ?? high];
}

const maxDepth = 100;

function freeFormFault(value: unknown, depth: number): string | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (depth > maxDepth) return `is nested more than ${maxDepth} levels deep`;
  if (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) return 'key "__proto__" is reserved';
  for (const entry of Object.values(value)) {
    const fault = freeFormFault(entry, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return `the text ${quote(value)}`;
  return `${typeof value === 'boolean' ? '' : 'the number '}${String(value)}`;
}

function quote(text: string): string {
  return JSON.stringify(clip(text));
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

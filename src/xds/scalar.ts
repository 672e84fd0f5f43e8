import { type DecodeContext, describeJson, type Field } from './schema.ts';

export interface StringRules {
  /** Least length in characters. */
  readonly min?: number;
  readonly maxBytes?: number;
  readonly pattern?: RegExp;
  /** Allowed values. */
  readonly in?: readonly string[];
  /** Header names and values: no NUL, CR, LF; `strict` also no other control characters and, for names, only token characters. */
  readonly header?: 'name' | 'value' | 'strict-name' | 'strict-value';
}

const headerPatterns = {
  name: /^[^\0\r\n]*$/,
  value: /^[^\0\r\n]*$/,
  'strict-name': /^:?[0-9a-zA-Z!#$%&'*+.^_|~`-]+$/,
  'strict-value': /^[^\x00-\x08\x0a-\x1f\x7f]*$/,
};

export function string(rules?: StringRules): Field<string, string> {
  return {
    kind: 'string',
    absent: '',
    required: (rules?.min ?? 0) > 0,
    decode: (v, ctx) => text(v, ctx, rules),
  };
}

/** A string inside a oneof, or one whose absence differs from the empty string. */
export function optionalString(rules?: StringRules): Field<string> {
  return { kind: 'string', absent: undefined, decode: (v, ctx) => text(v, ctx, rules) };
}

function text(value: unknown, ctx: DecodeContext, rules: StringRules | undefined): string | undefined {
  if (typeof value !== 'string')
    return ctx.report('InvalidType', `must be a string, not ${describeJson(value)}`);
  if (rules !== undefined) {
    if (rules.min !== undefined && value.length < rules.min)
      return ctx.report(
        'TooShort',
        rules.min === 1 ? 'must not be empty' : `must have at least ${rules.min} characters`,
      );
    if (rules.maxBytes !== undefined && Buffer.byteLength(value) > rules.maxBytes)
      return ctx.report('TooLong', `must have at most ${rules.maxBytes} bytes`);
    if (rules.pattern !== undefined && !rules.pattern.test(value))
      return ctx.report('InvalidFormat', `${describeJson(value)} must match ${rules.pattern.source}`);
    if (rules.in !== undefined && !rules.in.includes(value))
      return ctx.report(
        'InvalidValue',
        `must be one of ${rules.in.map((s) => JSON.stringify(s)).join(', ')}, not ${describeJson(value)}`,
      );
    if (rules.header !== undefined && !headerPatterns[rules.header].test(value))
      return ctx.report(
        'InvalidFormat',
        `${describeJson(value)} is not a valid header ${rules.header.includes('name') ? 'name' : 'value'}`,
      );
  }
  return value;
}

export interface NumberRules {
  readonly gte?: number;
  readonly gt?: number;
  readonly lte?: number;
  readonly lt?: number;
  readonly notIn?: readonly number[];
}

function inRange(
  value: number,
  rules: NumberRules | undefined,
  ctx: DecodeContext,
  unit = '',
): number | undefined {
  if (rules === undefined) return value;
  if (rules.gte !== undefined && value < rules.gte)
    return ctx.report('OutOfRange', `must be at least ${rules.gte}${unit}, not ${value}${unit}`);
  if (rules.gt !== undefined && value <= rules.gt)
    return ctx.report('OutOfRange', `must be greater than ${rules.gt}${unit}, not ${value}${unit}`);
  if (rules.lte !== undefined && value > rules.lte)
    return ctx.report('OutOfRange', `must be at most ${rules.lte}${unit}, not ${value}${unit}`);
  if (rules.lt !== undefined && value >= rules.lt)
    return ctx.report('OutOfRange', `must be less than ${rules.lt}${unit}, not ${value}${unit}`);
  if (rules.notIn?.includes(value)) return ctx.report('OutOfRange', `must not be ${value}${unit}`);
  return value;
}

function integer(
  value: unknown,
  min: number,
  max: number,
  ctx: DecodeContext,
  rules?: NumberRules,
): number | undefined {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && /^-?\d+$/.test(value)
        ? Number(value)
        : Number.NaN;
  if (!Number.isInteger(number))
    return ctx.report('InvalidType', `must be a whole number, not ${describeJson(value)}`);
  if (number < min || number > max)
    return ctx.report('OutOfRange', `must be between ${min} and ${max}, not ${number}`);
  return inRange(number, rules, ctx);
}

const maxUint32 = 0xffff_ffff;
const maxUint64 = 2 ** 64;

/** uint32 without presence: 0 when absent. */
export function uint32(rules?: NumberRules): Field<number, number> {
  return { kind: 'uint32', absent: 0, decode: (v, ctx) => integer(v, 0, maxUint32, ctx, rules) };
}

/** uint32 in a oneof. */
export function optionalUint32(rules?: NumberRules): Field<number> {
  return { kind: 'uint32', absent: undefined, decode: (v, ctx) => integer(v, 0, maxUint32, ctx, rules) };
}

export function int32(rules?: NumberRules): Field<number, number> {
  return { kind: 'int32', absent: 0, decode: (v, ctx) => integer(v, -0x8000_0000, 0x7fff_ffff, ctx, rules) };
}

export function int64(rules?: NumberRules): Field<number, number> {
  return { kind: 'int64', absent: 0, decode: (v, ctx) => integer(v, -(2 ** 63), 2 ** 63, ctx, rules) };
}

export function optionalInt64(): Field<number> {
  return { kind: 'int64', absent: undefined, decode: (v, ctx) => integer(v, -(2 ** 63), 2 ** 63, ctx) };
}

export function uint64(rules?: NumberRules): Field<number, number> {
  return { kind: 'uint64', absent: 0, decode: (v, ctx) => integer(v, 0, maxUint64, ctx, rules) };
}

/** UInt32Value, undefined when absent; with a default the default. */
export function uint32Value(rules?: NumberRules): Field<number>;
export function uint32Value(rules: NumberRules & { readonly default: number }): Field<number, number>;
export function uint32Value(
  rules?: NumberRules & { readonly default?: number },
): Field<number, number | undefined> {
  return {
    kind: 'UInt32Value',
    absent: rules?.default,
    decode: (v, ctx) => integer(v, 0, maxUint32, ctx, rules),
  };
}

export function uint64Value(rules?: NumberRules): Field<number>;
export function uint64Value(rules: NumberRules & { readonly default: number }): Field<number, number>;
export function uint64Value(
  rules?: NumberRules & { readonly default?: number },
): Field<number, number | undefined> {
  return {
    kind: 'UInt64Value',
    absent: rules?.default,
    decode: (v, ctx) => integer(v, 0, maxUint64, ctx, rules),
  };
}

function decimal(value: unknown, ctx: DecodeContext, rules?: NumberRules): number | undefined {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && value.trim() !== ''
        ? Number(value)
        : Number.NaN;
  if (Number.isNaN(number)) return ctx.report('InvalidType', `must be a number, not ${describeJson(value)}`);
  return inRange(number, rules, ctx);
}

export function double(rules?: NumberRules): Field<number, number> {
  return { kind: 'double', absent: 0, decode: (v, ctx) => decimal(v, ctx, rules) };
}

/** DoubleValue, or a double in a oneof. */
export function doubleValue(rules?: NumberRules): Field<number> {
  return { kind: 'DoubleValue', absent: undefined, decode: (v, ctx) => decimal(v, ctx, rules) };
}

function truth(value: unknown, ctx: DecodeContext): boolean | undefined {
  if (value === 'true' || value === 'false') return value === 'true';
  if (typeof value !== 'boolean')
    return ctx.report('InvalidType', `must be true or false, not ${describeJson(value)}`);
  return value;
}

export function bool(): Field<boolean, boolean> {
  return { kind: 'bool', absent: false, decode: truth };
}

/** A bool in a oneof, where false still selects it. */
export function optionalBool(): Field<boolean> {
  return { kind: 'bool', absent: undefined, decode: truth };
}

/** A bool that may only be true (`any: true` of RBAC). */
export function onlyTrue(): Field<true> {
  return {
    kind: 'bool',
    absent: undefined,
    decode: (v, ctx) =>
      v === true ? true : ctx.report('InvalidValue', `must be true, not ${describeJson(v)}`),
  };
}

/** BoolValue, undefined when absent; with a default the default. */
export function boolValue(): Field<boolean>;
export function boolValue(absent: boolean): Field<boolean, boolean>;
export function boolValue(absent?: boolean): Field<boolean, boolean | undefined> {
  return { kind: 'BoolValue', absent, decode: truth };
}

export function bytes(): Field<Buffer> {
  return {
    kind: 'bytes',
    absent: undefined,
    decode(value, ctx) {
      if (typeof value !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value))
        return ctx.report('InvalidType', `must be base64 text, not ${describeJson(value)}`);
      return Buffer.from(value, 'base64');
    },
  };
}

/** Longest duration protobuf allows, in milliseconds. */
const maxDurationMs = 315_576_000_000_000;

/** `"1.5s"` as milliseconds (1500). Rules are in milliseconds. Undefined when absent; with a default the default. */
export function duration(rules?: NumberRules): Field<number>;
export function duration(rules: NumberRules & { readonly default: number }): Field<number, number>;
export function duration(
  rules?: NumberRules & { readonly default?: number },
): Field<number, number | undefined> {
  return { kind: 'Duration', absent: rules?.default, decode: (v, ctx) => durationMs(v, ctx, rules) };
}

function durationMs(value: unknown, ctx: DecodeContext, rules?: NumberRules): number | undefined {
  const match = typeof value === 'string' ? /^(-?)(\d+)(?:\.(\d{1,9}))?s$/.exec(value) : null;
  if (match === null)
    return ctx.report('InvalidType', `must be a duration such as "1.5s", not ${describeJson(value)}`);
  const magnitude = Number(match[2]) * 1000 + Number((match[3] ?? '').padEnd(9, '0')) / 1e6;
  if (magnitude > maxDurationMs) return ctx.report('OutOfRange', 'is longer than protobuf durations can be');
  return inRange(match[1] === '-' ? -magnitude : magnitude, rules, ctx, 'ms');
}

/** An enum by its value names in number order from 0, or as `{NAME: number}` when numbers have gaps. Absent is the first. */
export function enumeration<const N extends readonly string[]>(name: string, names: N): EnumField<N[number]>;
export function enumeration<const R extends Readonly<Record<string, number>>>(
  name: string,
  numbers: R,
): EnumField<Extract<keyof R, string>>;
export function enumeration(
  name: string,
  values: readonly string[] | Readonly<Record<string, number>>,
): EnumField<string> {
  const pairs: [string, number][] = isList(values) ? values.map((n, i) => [n, i]) : Object.entries(values);
  const byName = new Set(pairs.map(([n]) => n));
  const byNumber = new Map(pairs.map(([n, i]) => [i, n]));
  const first = (byNumber.get(0) ?? pairs[0]?.[0]) as string;
  const decode = (value: unknown, ctx: DecodeContext): string | undefined => {
    const found =
      typeof value === 'number'
        ? byNumber.get(value)
        : byName.has(value as string)
          ? (value as string)
          : undefined;
    return (
      found ??
      ctx.report(
        'UnknownEnum',
        `${describeJson(value)} is not one of ${name}'s values: ${[...byName].join(', ')}`,
      )
    );
  };
  const base = { kind: name, values: [...byName], decode };
  return { ...base, absent: first, optional: () => ({ ...base, absent: undefined }) };
}

export interface EnumField<N extends string> extends Field<N, N> {
  readonly values: readonly string[];
  /** The same enum where absence is told apart from the first value. */
  optional(): Field<N>;
}

function isList(values: readonly string[] | Readonly<Record<string, number>>): values is readonly string[] {
  return Array.isArray(values);
}

/** google.protobuf.Struct: any JSON object, kept as it is. */
export type Struct = Readonly<Record<string, unknown>>;

export function struct(): Field<Struct> {
  return {
    kind: 'Struct',
    absent: undefined,
    decode(value, ctx) {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return ctx.report('InvalidType', `must be an object, not ${describeJson(value)}`);
      if (nestedDeeper(value, 60)) return ctx.report('TooDeep', 'is nested more than 60 levels deep');
      return value as Struct;
    },
  };
}

function nestedDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  for (const item of Object.values(value)) if (nestedDeeper(item, depth - 1)) return true;
  return false;
}

import type { Issue } from '../base/issue.ts';

/**
 * The language Envoy's messages are described in. A message is data (`message('envoy…Cluster', {name: string(), …})`), its TypeScript
 * type is inferred from that data, and the same data drives the decoder, the validator and docs/envoy-coverage.md.
 *
 * A decoded message is a plain object in snake_case with every known field present, always in the same order (one hidden class a
 * message): scalars without presence hold their default, lists `[]`, maps `{}`, absent sub-messages and wrappers `undefined`.
 * Durations are milliseconds as numbers, enums their names, bytes a Buffer, 64-bit integers numbers, an Any a TypedConfig.
 */
export interface Field<V, A = undefined> {
  /** How the coverage page names the type. */
  readonly kind: string;
  /** What a message holds when the field is not set. */
  readonly absent: A;
  readonly required?: boolean;
  /** The fields this one is made of (list items, map values, a lazy reference), for walks over the descriptors. */
  readonly inner?: () => readonly AnyField[];
  /** Why setting the field does nothing, for what concerns only Envoy's own innards. */
  readonly noEffect?: string;
  /** The value, or undefined after reporting what is wrong. Null never gets here: it means "not set". */
  decode(value: unknown, ctx: DecodeContext): V | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: a field of any value type; `unknown` is not assignable both ways
export type AnyField = Field<any, any>;
export type Fields = Readonly<Record<string, AnyField>>;
export type FieldValue<F> = F extends Field<infer V, infer A> ? V | A : never;
export type MessageValue<F extends Fields> = { readonly [K in keyof F]: FieldValue<F[K]> };

/** The TypeScript type of a message descriptor: `type Cluster = Infer<typeof Cluster>`. */
export type Infer<M> = M extends Message<infer T> ? T : never;

export interface Message<T> extends Field<T, undefined> {
  readonly typeName: string;
  readonly fields: Fields;
  readonly rules: MessageRules<never>;
}

export interface MessageRules<T> {
  /** Groups of which at most one may be set; with `required` exactly one. */
  readonly oneofs?: readonly OneOf[];
  /** Known fields of Envoy that are refused, with the reason: `{vhds: 'needs an xDS stream'}`. */
  readonly unsupported?: Readonly<Record<string, string>>;
  /** The boolean field that says an unknown extension is to be skipped instead of refused. */
  readonly optionalFlag?: string;
  /** What single fields cannot say; runs only when the fields were right. */
  readonly check?: (value: T, ctx: DecodeContext) => void;
}

export interface OneOf {
  readonly fields: readonly string[];
  readonly required?: boolean;
}

/** An Any with its `@type` resolved: `value` is the decoded message of that type (a Struct for a Struct). */
export interface TypedConfig {
  readonly type: string;
  readonly value: unknown;
}

/** Which messages an Any may hold, by the kind of extension point it stands in. */
export type TypedConfigRegistry = (category: string, typeName: string) => Message<unknown> | undefined;

/** protobuf's own nesting limit; deeper input is refused before it can exhaust the stack. */
const maxDepth = 100;

/** The state of one decode: where it is, what was wrong. */
export class DecodeContext {
  readonly issues: Issue[] = [];
  readonly registry: TypedConfigRegistry;
  /** True while the direct Any of an extension marked optional is decoded. */
  skipUnknownType = false;
  #path: (string | number)[] = [];
  #base: string;

  constructor(registry: TypedConfigRegistry, base = '') {
    this.registry = registry;
    this.#base = base;
  }

  /** Enters a field, index or map key; false when the input is nested too deeply. */
  enter(part: string | number): boolean {
    if (this.#path.length >= maxDepth * 2) {
      this.report('TooDeep', `nested more than ${maxDepth} messages deep`);
      return false;
    }
    this.#path.push(part);
    return true;
  }

  leave(): void {
    this.#path.pop();
  }

  report(code: string, message: string): undefined {
    this.issues.push({ code, path: this.path(), severity: 'error', message });
    return undefined;
  }

  /** The JSON path of the current place: `static_resources.clusters[3].name`, map keys as `["key"]`. */
  path(): string {
    let text = this.#base;
    for (const part of this.#path) {
      if (typeof part === 'number') text += `[${part}]`;
      else if (/^[a-z@][a-zA-Z0-9_@]*$/.test(part)) text += text === '' ? part : `.${part}`;
      else text += `[${JSON.stringify(part)}]`;
    }
    return text;
  }
}

/** What a value is, for messages: `a string`, `a list`. */
export function describeJson(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'null';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string')
    return `the string ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`;
  return `the ${typeof value} ${String(value)}`;
}

/** Marks a field as one that must be set. */
export function required<V, A>(field: Field<V, A>): Field<V, never> {
  return { ...field, kind: field.kind, absent: undefined as never, required: true, decode: field.decode };
}

/** A field Envoy uses for its own innards: accepted in any shape, without effect. */
export function noEffect(reason: string): Field<unknown, undefined> {
  return { kind: 'any', absent: undefined, noEffect: reason, decode: (value) => value };
}

import {
  type AnyField,
  type DecodeContext,
  describeJson,
  type Field,
  type Fields,
  type Message,
  type MessageRules,
  type MessageValue,
  type TypedConfig,
} from './schema.ts';

interface Slot {
  readonly name: string;
  readonly field: AnyField;
  readonly index: number;
}

/** Describes a message; see schema.ts for what a decoded one looks like. */
export function message<const F extends Fields>(
  typeName: string,
  fields: F,
  rules: MessageRules<MessageValue<F>> = {},
): Message<MessageValue<F>> {
  const decoder = new MessageDecoder(typeName, fields, rules as MessageRules<unknown>);
  return {
    kind: typeName,
    typeName,
    absent: undefined,
    fields,
    rules,
    decode: (value, ctx) => decoder.decode(value, ctx) as MessageValue<F> | undefined,
  };
}

class MessageDecoder {
  readonly #typeName: string;
  readonly #rules: MessageRules<unknown>;
  readonly #slots = new Map<string, Slot>();
  readonly #names: string[];
  readonly #absent: unknown[];
  readonly #required: Slot[];
  readonly #unsupported: ReadonlyMap<string, string>;
  readonly #optionalFlag: readonly string[];

  constructor(typeName: string, fields: Fields, rules: MessageRules<unknown>) {
    this.#typeName = typeName;
    this.#rules = rules;
    this.#names = Object.keys(fields);
    this.#names.forEach((name, index) => {
      const slot = { name, field: fields[name] as AnyField, index };
      this.#slots.set(name, slot);
      this.#slots.set(lowerCamel(name), slot);
    });
    this.#absent = this.#names.map((name) => fields[name]?.absent);
    this.#required = [...new Set(this.#slots.values())].filter((slot) => slot.field.required);
    this.#unsupported = new Map(
      Object.entries(rules.unsupported ?? {}).flatMap(
        ([name, why]) =>
          [
            [name, why],
            [lowerCamel(name), why],
          ] as [string, string][],
      ),
    );
    this.#optionalFlag =
      rules.optionalFlag === undefined ? [] : [rules.optionalFlag, lowerCamel(rules.optionalFlag)];
  }

  decode(input: unknown, ctx: DecodeContext): unknown {
    if (typeof input !== 'object' || input === null || Array.isArray(input))
      return ctx.report('InvalidType', `must be an object (${this.#typeName}), not ${describeJson(input)}`);
    const problems = ctx.issues.length;
    const values = this.#absent.slice();
    const set = new Set<string>();
    const optional = this.#optionalFlag.some((flag) => (input as Record<string, unknown>)[flag] === true);
    for (const key in input) {
      if (key === '@type') continue;
      const raw = (input as Record<string, unknown>)[key];
      if (!ctx.enter(key)) return undefined;
      this.#field(key, raw, values, set, optional, ctx);
      ctx.leave();
    }
    for (const slot of this.#required) {
      if (set.has(slot.name)) continue;
      if (ctx.enter(slot.name)) ctx.report('Required', `is required in ${this.#typeName}`);
      ctx.leave();
    }
    this.#oneofs(set, ctx);
    if (ctx.issues.length > problems) return undefined;
    const result: Record<string, unknown> = {};
    for (let i = 0; i < values.length; i++) result[this.#names[i] as string] = values[i];
    this.#rules.check?.(result, ctx);
    return ctx.issues.length > problems ? undefined : result;
  }

  #field(
    key: string,
    raw: unknown,
    values: unknown[],
    set: Set<string>,
    optional: boolean,
    ctx: DecodeContext,
  ): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) {
      const why = this.#unsupported.get(key);
      if (why === undefined) ctx.report('UnknownField', `is no field of ${this.#typeName}`);
      else if (raw !== null) ctx.report('UnsupportedField', `is not supported: ${why}`);
      return;
    }
    if (raw === null || raw === undefined) return;
    if (set.has(slot.name))
      return void ctx.report('DuplicateField', 'is given twice, in snake_case and camelCase');
    set.add(slot.name);
    ctx.skipUnknownType = optional;
    const value = slot.field.decode(raw, ctx);
    ctx.skipUnknownType = false;
    values[slot.index] = value;
  }

  #oneofs(set: ReadonlySet<string>, ctx: DecodeContext): void {
    for (const { fields, required } of this.#rules.oneofs ?? []) {
      const given = fields.filter((name) => set.has(name));
      if (given.length > 1) ctx.report('OneOf', `only one of ${given.join(', ')} may be set`);
      if (required && given.length === 0)
        ctx.report('Required', `one of ${fields.join(', ')} must be set in ${this.#typeName}`);
    }
  }
}

/** protobuf's JSON name of a field: `consecutive_5xx` → `consecutive5xx`. */
export function lowerCamel(name: string): string {
  return name.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A reference to a message defined later or recursively. */
export function lazy<T>(get: () => Message<T>): Field<T> {
  return {
    kind: 'message',
    absent: undefined,
    inner: () => [get()],
    decode: (value, ctx) => get().decode(value, ctx),
  };
}

export interface ListRules {
  readonly min?: number;
  readonly max?: number;
  readonly unique?: boolean;
}

const noItems: readonly never[] = Object.freeze([]);

export function repeated<V, A>(item: Field<V, A>, rules: ListRules = {}): Field<readonly V[], readonly V[]> {
  return {
    kind: `repeated ${item.kind}`,
    inner: () => [item],
    absent: noItems,
    required: (rules.min ?? 0) > 0,
    decode(value, ctx) {
      if (!Array.isArray(value))
        return ctx.report('InvalidType', `must be a list, not ${describeJson(value)}`);
      if (value.length < (rules.min ?? 0))
        return ctx.report('TooFew', `must have at least ${rules.min} item${rules.min === 1 ? '' : 's'}`);
      if (value.length > (rules.max ?? Infinity))
        return ctx.report('TooMany', `must have at most ${rules.max} items`);
      const items: V[] = new Array(value.length);
      for (let i = 0; i < value.length; i++) {
        if (!ctx.enter(i)) return undefined;
        const decoded =
          value[i] === null ? ctx.report('InvalidType', 'must not be null') : item.decode(value[i], ctx);
        ctx.leave();
        items[i] = decoded as V;
      }
      if (rules.unique && new Set(items).size < items.length)
        return ctx.report('Duplicate', 'must not name the same item twice');
      return items;
    },
  };
}

const noEntries: Readonly<Record<string, never>> = Object.freeze({});

export function map<V, A>(
  value: Field<V, A>,
): Field<Readonly<Record<string, V>>, Readonly<Record<string, V>>> {
  return {
    kind: `map<string, ${value.kind}>`,
    inner: () => [value],
    absent: noEntries,
    decode(input, ctx) {
      if (typeof input !== 'object' || input === null || Array.isArray(input))
        return ctx.report('InvalidType', `must be an object, not ${describeJson(input)}`);
      const result: Record<string, V> = Object.create(null);
      for (const [key, raw] of Object.entries(input)) {
        if (!ctx.enter(key)) return undefined;
        const decoded = raw === null ? ctx.report('InvalidType', 'must not be null') : value.decode(raw, ctx);
        ctx.leave();
        if (decoded !== undefined) result[key] = decoded;
      }
      return result;
    },
  };
}

const typedStructs = ['xds.type.v3.TypedStruct', 'udpa.type.v1.TypedStruct'];

/** An Any at an extension point: its `@type` must be registered for `category` (registry.ts). */
export function typed(category: string): Field<TypedConfig> {
  return {
    kind: `Any (${category})`,
    absent: undefined,
    decode(value, ctx) {
      const skip = ctx.skipUnknownType;
      ctx.skipUnknownType = false;
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return ctx.report('InvalidType', `must be an object with "@type", not ${describeJson(value)}`);
      const url = (value as Record<string, unknown>)['@type'];
      if (typeof url !== 'string') return ctx.report('Required', 'needs "@type"');
      return typedConfig(category, url, value as Record<string, unknown>, skip, ctx);
    },
  };
}

function typedConfig(
  category: string,
  url: string,
  value: Record<string, unknown>,
  skip: boolean,
  ctx: DecodeContext,
): TypedConfig | undefined {
  const type = typeOfUrl(url);
  if (typedStructs.includes(type)) {
    const inner = value['type_url'] ?? value['typeUrl'];
    if (typeof inner !== 'string') return ctx.report('Required', 'needs "type_url"');
    return typedConfig(category, inner, (value['value'] ?? {}) as Record<string, unknown>, skip, ctx);
  }
  const found = ctx.registry(category, type);
  if (found === undefined) {
    if (skip) return undefined;
    return ctx.report(
      'UnsupportedType',
      `${JSON.stringify(url)} is not supported as a ${category.replaceAll('_', ' ')}`,
    );
  }
  const decoded = found.decode(value, ctx);
  return decoded === undefined ? undefined : { type, value: decoded };
}

/** `type.googleapis.com/envoy…Cluster` → `envoy…Cluster`. */
export function typeOfUrl(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

/** The message inside `config` when it is of that type. */
export function unpack<T>(config: TypedConfig | undefined, type: Message<T>): T | undefined {
  return config?.type === type.typeName ? (config.value as T) : undefined;
}

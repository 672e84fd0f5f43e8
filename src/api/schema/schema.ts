/**
 * The source of truth of every kind: an OpenAPI v3 fragment built by the functions below. CRDs, TypeScript types, the strict decoder and the
 * reference pages are all made from it, so one edit changes them together. Keys that start with `x-lateen-` never reach a CRD.
 */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  /** Name of the generated TypeScript interface. */
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly nullable?: boolean;
  readonly oneOf?: readonly object[];
  readonly allOf?: readonly object[];
  readonly anyOf?: readonly object[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly CelRule[];
  /** A proto3-JSON duration string. */
  readonly 'x-lateen-duration'?: true;
  /** What Istio does when the field is absent; shown in documentation, never written into objects. */
  readonly 'x-lateen-default'?: string;
  /** Groups of fields of which at most one may be set. */
  readonly 'x-lateen-one-of'?: readonly (readonly string[])[];
  /** Kept free-form in the CRD, which has to stay small; the decoder still knows the fields. */
  readonly 'x-lateen-opaque'?: true;
  /** Fields the decoder takes besides `properties`: a former or proto name and the field it means. */
  readonly 'x-lateen-aliases'?: Readonly<Record<string, string>>;
}

export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** Extra keywords of a schema node; `fallback` is the documented default. */
export type Extra = Omit<Schema, 'type' | 'description'> & { readonly fallback?: string };

function node(type: Schema['type'], description: string, extra: Extra = {}): Schema {
  const { fallback, ...rest } = extra;
  const base: Schema = type === undefined ? { description } : { type, description };
  return { ...base, ...rest, ...(fallback === undefined ? {} : { 'x-lateen-default': fallback }) };
}

export function text(description: string, extra?: Extra): Schema {
  return node('string', description, extra);
}

export function flag(description: string, extra?: Extra): Schema {
  return node('boolean', description, extra);
}

/** google.protobuf.BoolValue: absent, null, true and false are different things to Istio. */
export function optionalFlag(description: string, extra?: Extra): Schema {
  return node('boolean', description, { nullable: true, ...extra });
}

export function int32(description: string, extra?: Extra): Schema {
  return node('integer', description, { format: 'int32', ...extra });
}

export function uint32(description: string, extra?: Extra): Schema {
  return node('integer', description, { minimum: 0, maximum: 4294967295, ...extra });
}

export function uint64(description: string, extra?: Extra): Schema {
  return node('integer', description, { minimum: 0, ...extra });
}

export function double(description: string, extra?: Extra): Schema {
  return node('number', description, { format: 'double', ...extra });
}

/** A duration of at least 1 ms: `1.5s`, `100ms`, `1h30m`. */
export function duration(description: string, extra?: Extra): Schema {
  return looseDuration(description, {
    'x-kubernetes-validations': [
      { rule: "duration(self) >= duration('1ms')", message: 'must be a duration of at least 1ms' },
    ],
    ...extra,
  });
}

/** A duration the API server does not check; zero often means "off". */
export function looseDuration(description: string, extra?: Extra): Schema {
  return node('string', description, { 'x-lateen-duration': true, ...extra });
}

export function oneOfWords(description: string, values: readonly string[], extra?: Extra): Schema {
  return node('string', description, { enum: values, ...extra });
}

export function list(items: Schema, description: string, extra?: Extra): Schema {
  return node('array', description, { items, ...extra });
}

export function texts(description: string, extra?: Extra): Schema {
  return list(text(''), description, extra);
}

export function map(values: Schema, description: string, extra?: Extra): Schema {
  return node('object', description, { additionalProperties: values, ...extra });
}

export function textMap(description: string, extra?: Extra): Schema {
  return map(text(''), description, extra);
}

/** Any JSON object, kept as it is. */
export function freeForm(description: string, extra?: Extra): Schema {
  return node('object', description, { 'x-kubernetes-preserve-unknown-fields': true, ...extra });
}

/** Any JSON value, kept as it is. */
export function anything(description: string, extra?: Extra): Schema {
  return node(undefined, description, { 'x-kubernetes-preserve-unknown-fields': true, ...extra });
}

/** A number or a text: port names, percentages, quantities. */
export function intOrText(description: string, extra?: Extra): Schema {
  return node(undefined, description, {
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    'x-kubernetes-int-or-string': true,
    ...extra,
  });
}

export function record(
  title: string,
  description: string,
  properties: Readonly<Record<string, Schema>>,
  extra?: Extra,
): Schema {
  return node('object', description, { title, properties, ...extra });
}

/** The same node with another description, for a shape used in several places. */
export function as(schema: Schema, description: string, extra: Extra = {}): Schema {
  return { ...schema, ...node(undefined, description, extra) };
}

/**
 * The schema of a part that other versions may extend: unknown fields stay, numbers may be written as text as proto3-JSON allows, and
 * nothing is required. The decoder and the validation functions judge it instead of the API server.
 */
export function lenient(schema: Schema): Schema {
  const {
    required: _required,
    oneOf: _oneOf,
    allOf: _allOf,
    'x-kubernetes-validations': _cel,
    ...rest
  } = schema;
  if (schema.type === 'integer') return intOrText(schema.description ?? '', fallbackOf(schema));
  if (schema.items !== undefined) return { ...rest, items: lenient(schema.items) };
  if (schema.additionalProperties !== undefined)
    return { ...rest, additionalProperties: lenient(schema.additionalProperties) };
  if (schema.properties === undefined) return rest;
  const fields = Object.entries(schema.properties).map(([name, child]) => [name, lenient(child)]);
  return { ...rest, properties: Object.fromEntries(fields), 'x-kubernetes-preserve-unknown-fields': true };
}

function fallbackOf(schema: Schema): Extra {
  const fallback = schema['x-lateen-default'];
  return fallback === undefined ? {} : { fallback };
}

/** Keywords for "at most one of these fields", in the form structural schemas allow. */
export function atMostOne(...groups: readonly (readonly string[])[]): Extra {
  const exclusive = groups.map((fields) => ({
    oneOf: [
      { not: { anyOf: fields.map((field) => ({ required: [field] })) } },
      ...fields.map((field) => ({ required: [field] })),
    ],
  }));
  const keywords = exclusive.length === 1 ? (exclusive[0] as Extra) : { allOf: exclusive };
  return { ...keywords, 'x-lateen-one-of': groups };
}

/** Keywords for CEL rules, written `[expression, message]`. */
export function rules(...pairs: readonly (readonly [string, string])[]): Extra {
  return { 'x-kubernetes-validations': pairs.map(([rule, message]) => ({ rule, message })) };
}

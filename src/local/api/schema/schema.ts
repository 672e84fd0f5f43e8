/**
 * The shape of a value: built-in kinds (from the type tables) and custom resources (from their CRD) alike. Schemas of built-in
 * types are shared by reference and may be cyclic.
 */
export interface Schema {
  /** Name under which a built-in type is published: `io.k8s.api.core.v1.PodSpec`. */
  readonly name?: string;
  readonly description?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly format?: string;
  readonly properties?: Record<string, Schema>;
  /** Values of a map; `true` allows anything. */
  readonly additional?: Schema | true;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly intOrString?: boolean;
  readonly preserveUnknown?: boolean;
  readonly embedded?: boolean;
  /** Lists: atomic unless told. */
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  /** Objects that are owned and replaced as a whole. */
  readonly atomicMap?: boolean;
  /** Strategic merge patch: how a list or object merges. */
  readonly patchMerge?: boolean;
  readonly patchMergeKey?: string;
  readonly patchRetainKeys?: boolean;
  /** Built-in types only: an empty string, a zero or an empty list is kept as written. */
  readonly keepEmpty?: boolean;
  /** Built-in types only: members by their number in Kubernetes' protobuf encoding. */
  readonly wire?: WireFields;
  /** Keywords that only custom resources use. */
  readonly rules?: SchemaRules;
}

/** Protobuf field numbers: the JSON member, or the numbers inside a message that JSON has inlined. */
export type WireFields = Map<number, string | WireFields>;

/** Value validation of a custom resource's schema, plus its CEL rules. */
export interface SchemaRules {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly cel?: readonly CelRule[];
}

export interface CelRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** The schema of a member of an object; undefined when the field is unknown. */
export function fieldSchema(schema: Schema | undefined, field: string): Schema | undefined {
  if (schema === undefined) return undefined;
  const own = schema.properties;
  if (own !== undefined && Object.hasOwn(own, field)) return own[field];
  if (schema.additional !== undefined) return schema.additional === true ? anything : schema.additional;
  return undefined;
}

/** Accepts any JSON. */
export const anything: Schema = { preserveUnknown: true };

import { asList, asObject, type Fields } from '../object.ts';
import type { CelRule, Schema, SchemaRules } from '../schema/schema.ts';

/** Reads a CRD's `openAPIV3Schema` (JSONSchemaProps). What the structural rules forbid is reported by check-structural.ts, not here. */
export function schemaOf(props: unknown): Schema {
  const fields = asObject(props);
  if (fields === undefined) return { preserveUnknown: true };
  const rules = rulesOf(fields);
  const additional = fields['additionalProperties'];
  const listType = fields['x-kubernetes-list-type'] as Schema['listType'];
  const text = (key: string) => fields[key] as string | undefined;
  return compact({
    description: text('description'),
    type: fields['x-kubernetes-int-or-string'] ? undefined : (text('type') as Schema['type']),
    format: text('format'),
    properties: mapValues(fields['properties'], schemaOf),
    additional:
      additional === undefined || additional === false
        ? undefined
        : additional === true
          ? true
          : schemaOf(additional),
    items: fields['items'] === undefined ? undefined : schemaOf(fields['items']),
    required: fields['required'] as string[] | undefined,
    enum: fields['enum'] as unknown[] | undefined,
    default: fields['default'],
    nullable: fields['nullable'] === true || undefined,
    intOrString: fields['x-kubernetes-int-or-string'] === true || undefined,
    preserveUnknown: fields['x-kubernetes-preserve-unknown-fields'] === true || undefined,
    embedded: fields['x-kubernetes-embedded-resource'] === true || undefined,
    listType,
    listMapKeys: fields['x-kubernetes-list-map-keys'] as string[] | undefined,
    atomicMap: fields['x-kubernetes-map-type'] === 'atomic' || undefined,
    rules: Object.keys(rules).length === 0 ? undefined : rules,
  }) as Schema;
}

function rulesOf(fields: Fields): SchemaRules {
  const list = (key: string) => (fields[key] === undefined ? undefined : asList(fields[key]).map(schemaOf));
  return compact({
    minimum: fields['minimum'],
    maximum: fields['maximum'],
    exclusiveMinimum: fields['exclusiveMinimum'] || undefined,
    exclusiveMaximum: fields['exclusiveMaximum'] || undefined,
    multipleOf: fields['multipleOf'],
    minLength: fields['minLength'],
    maxLength: fields['maxLength'],
    pattern: fields['pattern'],
    minItems: fields['minItems'],
    maxItems: fields['maxItems'],
    uniqueItems: fields['uniqueItems'] || undefined,
    minProperties: fields['minProperties'],
    maxProperties: fields['maxProperties'],
    allOf: list('allOf'),
    anyOf: list('anyOf'),
    oneOf: list('oneOf'),
    not: fields['not'] === undefined ? undefined : schemaOf(fields['not']),
    cel: fields['x-kubernetes-validations'] as CelRule[] | undefined,
  }) as SchemaRules;
}

function compact(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function mapValues<T>(value: unknown, fn: (item: unknown) => T): Record<string, T> | undefined {
  const object = asObject(value);
  if (object === undefined) return undefined;
  return Object.fromEntries(Object.entries(object).map(([key, item]) => [key, fn(item)]));
}

import type { Fields } from '../object.ts';
import type { Schema } from '../schema/schema.ts';

/** Where named types are referenced: `#/components/schemas/` (v3) or `#/definitions/` (v2). */
export interface PublishTarget {
  readonly prefix: string;
  readonly v3: boolean;
  /** Collects the named types in use. */
  readonly use: (schema: Schema) => void;
}

/** A schema as OpenAPI; named types become references unless it is the definition itself that is wanted. */
export function publishSchema(schema: Schema, target: PublishTarget, inline = false): Fields {
  if (schema.name !== undefined && !inline) return reference(schema, target);
  const result: Fields = {};
  if (schema.description !== undefined) result['description'] = schema.description;
  if (schema.intOrString && schema.name !== undefined) return intOrString(schema, target);
  if (schema.type !== undefined) result['type'] = schema.type;
  else if (schema.intOrString) result['x-kubernetes-int-or-string'] = true;
  if (schema.format !== undefined && schema.format !== 'quantity' && !schema.format.startsWith('schema-or'))
    result['format'] = schema.format;
  if (schema.properties !== undefined) {
    result['properties'] = Object.fromEntries(
      Object.entries(schema.properties).map(([key, inner]) => [key, publishSchema(inner, target)]),
    );
  }
  if (schema.additional !== undefined) {
    result['additionalProperties'] =
      schema.additional === true ? true : publishSchema(schema.additional, target);
  }
  if (schema.items !== undefined) result['items'] = publishSchema(schema.items, target);
  if (schema.required !== undefined && schema.required.length > 0) result['required'] = schema.required;
  if (schema.enum !== undefined) result['enum'] = schema.enum;
  if (schema.default !== undefined) result['default'] = schema.default;
  if (schema.nullable && target.v3) result['nullable'] = true;
  addRules(schema, target, result);
  addExtensions(schema, result);
  return result;
}

function reference(schema: Schema, target: PublishTarget): Fields {
  target.use(schema);
  const ref = { $ref: `${target.prefix}${schema.name}` };
  const extra: Fields = {};
  if (target.v3) {
    if (schema.default !== undefined) extra['default'] = schema.default;
    return Object.keys(extra).length === 0 ? ref : { allOf: [ref], ...extra };
  }
  return ref;
}

function intOrString(schema: Schema, target: PublishTarget): Fields {
  if (target.v3) return { oneOf: [{ type: 'integer' }, { type: 'string' }], format: schema.format };
  return { type: 'string', format: 'int-or-string' };
}

/** Value rules of custom resources, as far as the OpenAPI version can say them. */
function addRules(schema: Schema, target: PublishTarget, result: Fields): void {
  const { rules } = schema;
  if (rules === undefined) return;
  const { allOf, anyOf, oneOf, not, cel, ...plain } = rules;
  Object.assign(result, plain);
  if (cel !== undefined) result['x-kubernetes-validations'] = cel;
  if (!target.v3) return;
  const list = (schemas: readonly Schema[]) => schemas.map((one) => publishSchema(one, target));
  if (allOf !== undefined) result['allOf'] = list(allOf);
  if (anyOf !== undefined) result['anyOf'] = list(anyOf);
  if (oneOf !== undefined) result['oneOf'] = list(oneOf);
  if (not !== undefined) result['not'] = publishSchema(not, target);
}

function addExtensions(schema: Schema, result: Fields): void {
  if (schema.listType !== undefined) result['x-kubernetes-list-type'] = schema.listType;
  if (schema.listMapKeys !== undefined) result['x-kubernetes-list-map-keys'] = schema.listMapKeys;
  if (schema.atomicMap) result['x-kubernetes-map-type'] = 'atomic';
  if (schema.preserveUnknown && schema.type !== undefined)
    result['x-kubernetes-preserve-unknown-fields'] = true;
  if (schema.embedded) result['x-kubernetes-embedded-resource'] = true;
  if (schema.patchMerge) {
    result['x-kubernetes-patch-strategy'] = schema.patchRetainKeys
      ? schema.patchMergeKey === undefined
        ? 'retainKeys'
        : 'merge,retainKeys'
      : 'merge';
  }
  if (schema.patchMergeKey !== undefined) result['x-kubernetes-patch-merge-key'] = schema.patchMergeKey;
}

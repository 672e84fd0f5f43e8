import type { Fields } from '../object.ts';
import { builtinTypes } from '../resources/builtin.ts';
import { decodeTyped } from '../schema/decode.ts';
import type { Schema } from '../schema/schema.ts';

const objectMeta = builtinTypes.get('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');

/** Fields every object has, whatever its schema says. */
const alwaysKnown = new Set(['apiVersion', 'kind', 'metadata']);

/** Takes out of a custom resource what its structural schema does not name, in place; the paths go to `unknown`. */
export function pruneUnknown(schema: Schema, object: Fields, unknown: string[]): void {
  pruneObject(schema, object, '', true, unknown);
}

function pruneObject(
  schema: Schema,
  object: Fields,
  path: string,
  isResource: boolean,
  unknown: string[],
): void {
  for (const key of Object.keys(object)) {
    if (isResource && alwaysKnown.has(key)) {
      if (key === 'metadata' && path !== '') pruneMetadata(object, path, unknown);
      continue;
    }
    const inner = schema.properties?.[key];
    const innerPath = path === '' ? key : `${path}.${key}`;
    if (object[key] === null && dropsNull(inner ?? schema.additional)) delete object[key];
    else if (inner !== undefined) pruneValue(inner, object[key], innerPath, unknown);
    else if (schema.additional !== undefined) {
      if (schema.additional !== true) pruneValue(schema.additional, object[key], innerPath, unknown);
    } else if (!schema.preserveUnknown) {
      delete object[key];
      unknown.push(innerPath);
    }
  }
}

/** Null in a field that is not nullable counts as absent, unless a default replaces it later. */
function dropsNull(schema: Schema | true | undefined): boolean {
  return schema !== undefined && schema !== true && !schema.nullable && schema.default === undefined;
}

/** The metadata of an embedded resource holds what any object's holds. */
function pruneMetadata(object: Fields, path: string, unknown: string[]): void {
  const found: string[] = [];
  object['metadata'] = decodeTyped(objectMeta, object['metadata'] ?? {}, found);
  unknown.push(...found.map((field) => `${path}.metadata.${field}`));
}

function pruneValue(schema: Schema, value: unknown, path: string, unknown: string[]): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    const { items } = schema;
    for (const [i, item] of items === undefined ? [] : value.entries())
      pruneValue(items as Schema, item, `${path}[${i}]`, unknown);
    return;
  }
  pruneObject(schema, value as Fields, path, schema.embedded ?? false, unknown);
}

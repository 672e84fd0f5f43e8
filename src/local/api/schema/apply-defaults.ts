import { cloneJson } from './json-value.ts';
import { fieldSchema, type Schema } from './schema.ts';

const defaultsOf = new WeakMap<Schema, [string, unknown][]>();

/** Fills in the schema's defaults, in place: absent fields everywhere, and nulls where the schema does not allow null. */
export function applyDefaults(schema: Schema | undefined, value: unknown): void {
  if (schema === undefined || value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) applyDefaults(schema.items, item);
    return;
  }
  const object = value as Record<string, unknown>;
  for (const [field, wanted] of ownDefaults(schema)) {
    const now = object[field];
    if (now === undefined || (now === null && !schema.properties?.[field]?.nullable)) {
      object[field] = cloneJson(wanted);
    }
  }
  for (const field in object) {
    const inner = object[field];
    if (inner !== null && typeof inner === 'object') applyDefaults(fieldSchema(schema, field), inner);
  }
}

function ownDefaults(schema: Schema): [string, unknown][] {
  let known = defaultsOf.get(schema);
  if (known === undefined) {
    known = Object.entries(schema.properties ?? {})
      .filter(([, field]) => field.default !== undefined)
      .map(([name, field]) => [name, field.default]);
    defaultsOf.set(schema, known);
  }
  return known;
}

import { type FieldError, notSupported, required } from '../field-error.ts';
import { fieldSchema, type Schema } from './schema.ts';

/** Required fields and allowed values of a built-in kind, as its type table has them. Kind-specific rules are in `validation/`. */
export function checkTyped(schema: Schema, value: unknown, path: string, errors: FieldError[]): void {
  if (value === undefined || value === null) return;
  if (Array.isArray(value)) {
    const items = schema.items;
    for (const [i, item] of items === undefined ? [] : value.entries())
      checkTyped(items as Schema, item, `${path}[${i}]`, errors);
    return;
  }
  if (typeof value !== 'object') {
    if (schema.enum !== undefined && value !== '' && !schema.enum.includes(value)) {
      errors.push(notSupported(path, value, schema.enum));
    }
    return;
  }
  const object = value as Record<string, unknown>;
  for (const field of schema.required ?? []) {
    if (isEmpty(object[field], schema.properties?.[field])) errors.push(required(join(path, field)));
  }
  for (const field in object) {
    const inner = fieldSchema(schema, field);
    if (inner !== undefined && !(path === '' && field === 'status')) {
      checkTyped(
        inner,
        object[field],
        path === '' ? field : schema.properties === undefined ? `${path}[${field}]` : `${path}.${field}`,
        errors,
      );
    }
  }
}

function join(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}

function isEmpty(value: unknown, schema: Schema | undefined): boolean {
  if (value === undefined || value === null) return !schema?.keepEmpty;
  if (schema?.keepEmpty) return false;
  return value === '' || (Array.isArray(value) && value.length === 0);
}

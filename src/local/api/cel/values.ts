import type { CelInput } from '@bufbuild/cel';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { fieldSchema, type Schema } from '../schema/schema.ts';

/** Words CEL keeps for itself: fields of these names are written `__name__` in rules. */
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** How a field is written in a CEL expression (Kubernetes' escaping of property names). */
export function escapeField(name: string): string {
  if (reserved.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

/** A JSON value as CEL sees it: whole numbers are ints (doubles where the schema says number), times are timestamps, objects are maps. */
export function celValue(value: unknown, schema?: Schema): CelInput {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') {
    return schema?.type !== 'number' && Number.isInteger(value) ? BigInt(value) : value;
  }
  if (typeof value === 'string') return celText(value, schema);
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema?.items));
  if (typeof value !== 'object') return value as boolean;
  const map = new Map<string, CelInput>();
  const isMap = schema?.properties === undefined;
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    map.set(isMap ? key : escapeField(key), celValue(item, fieldSchema(schema, key)));
  }
  return map as CelInput;
}

function celText(value: string, schema: Schema | undefined): CelInput {
  if (schema?.format === 'byte') return Buffer.from(value, 'base64');
  if ((schema?.format === 'date-time' || schema?.format === 'date') && schema.name === undefined) {
    const date = new Date(value);
    return Number.isNaN(date.getTime()) ? value : (timestampFromDate(date) as CelInput);
  }
  return value;
}

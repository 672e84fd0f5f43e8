import { badRequest } from '../status.ts';
import { cloneJson } from './json-value.ts';
import { canonicalQuantity } from './quantity.ts';
import { fieldSchema, type Schema } from './schema.ts';

/** Fields the schema does not know, as paths (`spec.containers[0].foo`), collected while decoding. */
export type UnknownFields = string[];

/**
 * Reads a built-in kind the way Kubernetes' typed decoder does: unknown fields are dropped (and listed), nulls and empty optional
 * values vanish, quantities take their canonical spelling, and a wrong JSON type is a 400 with the decoder's message. Returns a fresh value.
 */
export function decodeTyped(schema: Schema, value: unknown, unknown: UnknownFields): unknown {
  return new Decoder(unknown).read(schema, value, '', shortName(schema), true);
}

class Decoder {
  readonly #unknown: UnknownFields;

  constructor(unknown: UnknownFields) {
    this.#unknown = unknown;
  }

  read(schema: Schema, value: unknown, path: string, owner: string, required: boolean): unknown {
    if (value === null || value === undefined) return undefined;
    switch (schema.type) {
      case 'object':
        return schema.properties === undefined
          ? this.#readMap(schema, value, path, owner, required)
          : this.#readStruct(schema, value, path, owner);
      case 'array':
        return this.#readList(schema, value, path, owner, required);
      case 'string':
        return readString(schema, value, path, owner, required);
      case 'integer':
        if (typeof value !== 'number') throw mismatch(value, path, owner, schema.format ?? 'int64');
        if (!Number.isInteger(value))
          throw mismatch(value, path, owner, schema.format ?? 'int64', ` ${value}`);
        return value === 0 && !required && !schema.keepEmpty ? undefined : value;
      case 'number':
        if (typeof value !== 'number') throw mismatch(value, path, owner, 'float64');
        return value;
      case 'boolean':
        if (typeof value !== 'boolean') throw mismatch(value, path, owner, 'bool');
        return value || required || schema.keepEmpty ? value : undefined;
      default:
        return cloneJson(value);
    }
  }

  #readStruct(schema: Schema, value: unknown, path: string, owner: string): unknown {
    if (typeof value !== 'object' || Array.isArray(value)) throw mismatch(value, path, owner, goName(schema));
    const own = shortName(schema);
    const result: Record<string, unknown> = {};
    for (const [field, item] of Object.entries(value as object)) {
      const inner = fieldSchema(schema, field);
      const innerPath = path === '' ? field : `${path}.${field}`;
      if (inner === undefined) {
        this.#unknown.push(innerPath);
        continue;
      }
      const read = this.read(inner, item, innerPath, own, schema.required?.includes(field) ?? false);
      if (read !== undefined) result[field] = read;
    }
    return result;
  }

  #readMap(schema: Schema, value: unknown, path: string, owner: string, required: boolean): unknown {
    if (typeof value !== 'object' || Array.isArray(value)) throw mismatch(value, path, owner, goName(schema));
    if (schema.preserveUnknown || typeof schema.additional !== 'object') return cloneJson(value);
    const result: Record<string, unknown> = {};
    const inner = schema.additional;
    for (const [key, item] of Object.entries(value as object)) {
      const read = this.read(inner, item, `${path}.${key}`, owner, true);
      result[key] = read ?? (inner.type === 'string' ? '' : undefined);
    }
    return Object.keys(result).length > 0 || required || schema.keepEmpty ? result : undefined;
  }

  #readList(schema: Schema, value: unknown, path: string, owner: string, required: boolean): unknown {
    if (!Array.isArray(value)) throw mismatch(value, path, owner, goName(schema));
    if (value.length === 0 && !required && !schema.keepEmpty) return undefined;
    const items = schema.items as Schema;
    return value.map((item, i) => this.read(items, item, `${path}[${i}]`, owner, true) ?? emptyOf(items));
  }
}

function readString(schema: Schema, value: unknown, path: string, owner: string, required: boolean): unknown {
  if (typeof value === 'number' && schema.format === 'quantity') return canonicalQuantity(String(value));
  if (typeof value === 'number' && schema.intOrString) return value;
  if (typeof value !== 'string') throw mismatch(value, path, owner, 'string');
  if (schema.format === 'quantity') {
    const quantity = canonicalQuantity(value);
    if (quantity === undefined) {
      throw badRequest(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      );
    }
    return quantity;
  }
  if (schema.format === 'date-time' && value !== '' && Number.isNaN(Date.parse(value))) {
    throw badRequest(
      `parsing time ${JSON.stringify(JSON.stringify(value))} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)}`,
    );
  }
  if (schema.format === 'byte') checkBase64(value);
  return value === '' && !required && !schema.keepEmpty ? undefined : value;
}

function checkBase64(value: string): void {
  const bad = /[^A-Za-z0-9+/=\r\n]/.exec(value);
  const length = value.replace(/[\r\n]/g, '').length;
  if (bad === null && length % 4 === 0) return;
  throw badRequest(`illegal base64 data at input byte ${bad?.index ?? length - (length % 4)}`);
}

function emptyOf(schema: Schema): unknown {
  if (schema.type === 'object') return {};
  if (schema.type === 'array') return [];
  return schema.type === 'string' ? '' : null;
}

function mismatch(value: unknown, path: string, owner: string, goType: string, extra = '') {
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const field = path.replace(/\[\d+\]/g, '');
  return badRequest(
    `json: cannot unmarshal ${found}${extra} into Go struct field ${owner}.${field} of type ${goType}`,
  );
}

function shortName(schema: Schema): string {
  return schema.name?.slice(schema.name.lastIndexOf('.') + 1) ?? '';
}

/** The Go type as decoder messages name it: `v1.PodSpec`, `[]v1.Container`, `map[string]string`. */
function goName(schema: Schema): string {
  if (schema.type === 'array') return `[]${goName(schema.items as Schema)}`;
  if (schema.name !== undefined) return schema.name.split('.').slice(-2).join('.');
  if (schema.type !== 'object') return schema.type === 'integer' ? 'int64' : (schema.type ?? 'interface {}');
  return `map[string]${typeof schema.additional === 'object' ? goName(schema.additional) : 'interface {}'}`;
}

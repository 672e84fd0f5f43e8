import type { Fields } from '../object.ts';
import { builtinTypes } from '../resources/builtin.ts';
import { typePackages } from '../resources/builtin-table.ts';
import { decodeTyped } from '../schema/decode.ts';
import { fieldSchema, type Schema, type WireFields } from '../schema/schema.ts';
import { badRequest } from '../status.ts';
import { WireReader } from './wire-reader.ts';

const magic = Buffer.from('k8s\0');
const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/**
 * Reads a body in Kubernetes' protobuf encoding (what typed Go clients send by default) into the JSON form of the object. Answers are
 * always JSON, which such clients accept. Throws a 400 for bytes that are no such object.
 */
export function decodeProtobuf(body: Buffer): Fields {
  if (!body.subarray(0, 4).equals(magic))
    throw badRequest('the body does not start with the Kubernetes protobuf prefix');
  try {
    return decodeEnvelope(new WireReader(body.subarray(4)));
  } catch (error) {
    throw badRequest(`cannot decode the protobuf body: ${(error as Error).message}`);
  }
}

/** The `runtime.Unknown` around every object: its type, then its bytes. */
function decodeEnvelope(reader: WireReader): Fields {
  let apiVersion = '';
  let kind = '';
  let raw: Uint8Array = new Uint8Array();
  while (!reader.done) {
    const { number, type } = reader.tag();
    if (number === 1) {
      const meta = new WireReader(reader.bytes());
      while (!meta.done) {
        const field = meta.tag();
        if (field.number === 1) apiVersion = text(meta.bytes());
        else if (field.number === 2) kind = text(meta.bytes());
        else meta.skip(field.type);
      }
    } else if (number === 2) raw = reader.bytes();
    else reader.skip(type);
  }
  const schema = typeOf(apiVersion, kind);
  return { apiVersion, kind, ...decodeMessage(schema, schema.wire as WireFields, raw) };
}

function typeOf(apiVersion: string, kind: string): Schema {
  if (kind === 'DeleteOptions') return builtinTypes.get(`${metaPackage}.DeleteOptions`);
  const known = typePackages[apiVersion];
  if (known === undefined) throw new Error(`no built-in kind ${kind} in ${apiVersion}`);
  return builtinTypes.get(`${known}.${kind}`);
}

function decodeMessage(schema: Schema, wire: WireFields, bytes: Uint8Array): Fields {
  const reader = new WireReader(bytes);
  const result: Fields = {};
  while (!reader.done) {
    const { number, type } = reader.tag();
    const target = wire.get(number);
    if (target === undefined) reader.skip(type);
    else if (target instanceof Map) Object.assign(result, decodeMessage(schema, target, reader.bytes()));
    else readInto(result, target, fieldSchema(schema, target) as Schema, reader, type);
  }
  return result;
}

function readInto(result: Fields, field: string, schema: Schema, reader: WireReader, type: number): void {
  if (schema.type === 'array') {
    const list = (result[field] ?? []) as unknown[];
    list.push(readValue(schema.items as Schema, reader, type));
    result[field] = list;
  } else if (schema.type === 'object' && typeof schema.additional === 'object') {
    const map = (result[field] ?? {}) as Fields;
    const [key, value] = readEntry(schema.additional, reader.bytes());
    map[key] = value;
    result[field] = map;
  } else {
    const value = readValue(schema, reader, type);
    if (value !== undefined) result[field] = value;
  }
}

function readEntry(schema: Schema, bytes: Uint8Array): [string, unknown] {
  const reader = new WireReader(bytes);
  let key = '';
  let value: unknown = schema.type === 'string' ? '' : {};
  while (!reader.done) {
    const { number, type } = reader.tag();
    if (number === 1) key = text(reader.bytes());
    else if (number === 2) value = readValue(schema, reader, type);
    else reader.skip(type);
  }
  return [key, value];
}

function readValue(schema: Schema, reader: WireReader, type: number): unknown {
  switch (schema.type) {
    case 'integer':
      return reader.integer();
    case 'boolean':
      return reader.varint() !== 0n;
    case 'number':
      return type === 1 ? reader.double() : reader.integer();
    case 'string':
      return readText(schema, reader.bytes());
    case 'array':
      return readStringList(reader.bytes());
    case 'object':
      return schema.wire === undefined
        ? readRaw(reader.bytes())
        : decodeMessage(schema, schema.wire, reader.bytes());
    default:
      return readUnion(schema, reader.bytes());
  }
}

/** Strings, and the messages that JSON writes as strings. */
function readText(schema: Schema, bytes: Uint8Array): unknown {
  if (schema.format === 'byte') return Buffer.from(bytes).toString('base64');
  if (schema.format === 'date-time') return readTime(schema, bytes);
  if (schema.format === 'quantity') return readNumbered(bytes)[1] ?? '0';
  if (schema.intOrString) {
    const parts = readNumbered(bytes);
    return parts[1] === 1 ? (parts[3] ?? '') : Number(parts[2] ?? 0);
  }
  return text(bytes);
}

function readTime(schema: Schema, bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return undefined;
  const reader = new WireReader(bytes);
  let seconds = 0;
  let nanos = 0;
  while (!reader.done) {
    const { number, type } = reader.tag();
    if (number === 1) seconds = reader.integer();
    else if (number === 2) nanos = reader.integer();
    else reader.skip(type);
  }
  const iso = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (!schema.name?.endsWith('MicroTime')) return `${iso}Z`;
  return `${iso}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}

/** A small message as its scalar fields by number. */
function readNumbered(bytes: Uint8Array): Record<number, string | number> {
  const reader = new WireReader(bytes);
  const found: Record<number, string | number> = {};
  while (!reader.done) {
    const { number, type } = reader.tag();
    found[number] = type === 0 ? reader.integer() : text(reader.bytes());
  }
  return found;
}

/** RawExtension, FieldsV1 and JSON: JSON text in field 1. */
function readRaw(bytes: Uint8Array): unknown {
  const raw = readNumbered(bytes)[1];
  return raw === undefined || raw === '' ? {} : JSON.parse(String(raw));
}

function readStringList(bytes: Uint8Array): string[] {
  const reader = new WireReader(bytes);
  const items: string[] = [];
  while (!reader.done) {
    const { number, type } = reader.tag();
    if (number === 1) items.push(text(reader.bytes()));
    else reader.skip(type);
  }
  return items;
}

/** JSON values of schemas: plain JSON, or the unions "schema or list of schemas" and "schema or boolean". */
function readUnion(schema: Schema, bytes: Uint8Array): unknown {
  if (schema.format === undefined) {
    const raw = readNumbered(bytes)[1];
    return raw === undefined ? undefined : JSON.parse(String(raw));
  }
  const props = builtinTypes.get('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');
  const inner = (part: Uint8Array) =>
    decodeTyped(props, decodeMessage(props, props.wire as WireFields, part), []);
  const reader = new WireReader(bytes);
  let result: unknown;
  while (!reader.done) {
    const { number, type } = reader.tag();
    if (type === 0) {
      const allows = reader.varint() !== 0n;
      result ??= allows;
    } else if (schema.format === 'schema-or-bool' || number === 1) result = inner(reader.bytes());
    else result = [...((result ?? []) as unknown[]), inner(reader.bytes())];
  }
  return result;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

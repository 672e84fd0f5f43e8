import { stableJson } from '../../../base/hash.ts';
import { asObject, type Fields } from '../object.ts';
import { fieldSchema, type Schema } from '../schema/schema.ts';

/**
 * A set of field paths in the form of metadata.managedFields (FieldsV1): keys `f:name`, `k:{"key":"value"}` (list item by keys),
 * `v:"value"` (set member); an empty node, or one with the member `.`, belongs to the set itself. Values are never changed in place.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

const leaf: FieldSet = {};

function isMember(node: FieldSet): boolean {
  for (const key in node) {
    if (key !== '.') return node['.'] !== undefined;
  }
  return true;
}

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

type Draft = { [element: string]: FieldSet };

/** All paths of either set. The top node is a container only, as in the stored form. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  const result: Draft = { ...a };
  for (const key in b) {
    const left = a[key];
    const right = b[key] as FieldSet;
    result[key] = left === undefined ? right : key === '.' ? leaf : uniteNodes(left, right);
  }
  return result;
}

function uniteNodes(a: FieldSet, b: FieldSet): FieldSet {
  const result: Draft = { ...union(a, b) };
  const hasChildren = Object.keys(result).some((key) => key !== '.');
  if (hasChildren && (isMember(a) || isMember(b))) result['.'] = leaf;
  else delete result['.'];
  return result;
}

/** The paths of `a` that are not in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const result: Draft = {};
  for (const key in a) {
    if (key === '.') continue;
    const node = a[key] as FieldSet;
    const other = b[key];
    const rest = other === undefined ? node : subtract(node, other);
    if (rest !== undefined) result[key] = rest;
  }
  return result;
}

function subtract(a: FieldSet, b: FieldSet): FieldSet | undefined {
  return build(difference(a, b), isMember(a) && !isMember(b));
}

/** The paths in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: Draft = {};
  for (const key in a) {
    const other = b[key];
    if (key === '.' || other === undefined) continue;
    const node = a[key] as FieldSet;
    const both = build(intersection(node, other), isMember(node) && isMember(other));
    if (both !== undefined) result[key] = both;
  }
  return result;
}

function build(children: FieldSet, member: boolean): FieldSet | undefined {
  if (isEmptySet(children)) return member ? leaf : undefined;
  return member ? { '.': leaf, ...children } : children;
}

/** The paths as messages show them: `.spec.template.spec.containers[name="a"].image`. */
export function listPaths(set: FieldSet, prefix = ''): string[] {
  const found: string[] = [];
  for (const key of Object.keys(set).sort()) {
    if (key === '.') continue;
    const node = set[key] as FieldSet;
    const path = prefix + elementText(key);
    if (isMember(node)) found.push(path);
    found.push(...listPaths(node, path));
  }
  return found;
}

function elementText(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('v:')) return `[=${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as Fields);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}

/** Whether the schema lets an object or list be owned in parts. Values without a schema: objects in parts, lists whole. */
export function isGranular(schema: Schema | undefined, value: unknown): boolean {
  if (Array.isArray(value)) return schema?.listType === 'map' || schema?.listType === 'set';
  return value !== null && typeof value === 'object' && !schema?.atomicMap;
}

/** The path element of a list item; undefined when its keys are missing. */
export function itemElement(schema: Schema, item: unknown): string | undefined {
  if (schema.listType === 'set') return `v:${stableJson(item)}`;
  const object = asObject(item);
  if (object === undefined) return undefined;
  const keys: Fields = {};
  for (const key of schema.listMapKeys ?? []) {
    const value = object[key] ?? schema.items?.properties?.[key]?.default;
    if (value !== undefined) keys[key] = value;
  }
  return Object.keys(keys).length === 0 ? undefined : `k:${stableJson(keys)}`;
}

/** The children of a granular value with their path elements. */
export function elementsOf(
  schema: Schema | undefined,
  value: object,
): [string, unknown, Schema | undefined][] {
  if (Array.isArray(value)) {
    return value.map((item, i) => [itemElement(schema as Schema, item) ?? `i:${i}`, item, schema?.items]);
  }
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => [`f:${key}`, item, fieldSchema(schema, key)]);
}

/** What an applied configuration owns: its leaves, list items and map entries (structured-merge-diff's ToFieldSet). */
export function fieldsOf(schema: Schema | undefined, value: unknown): FieldSet {
  if (value === null || typeof value !== 'object' || !isGranular(schema, value)) return leaf;
  const result: Draft = {};
  const namesItself = Array.isArray(value) || schema?.properties === undefined;
  for (const [element, item, inner] of elementsOf(schema, value)) {
    const node = fieldsOf(inner, item);
    const named = namesItself || schema?.properties?.[element.slice(2)] === undefined;
    result[element] = !isEmptySet(node) && named && schema !== undefined ? { '.': leaf, ...node } : node;
  }
  return result;
}

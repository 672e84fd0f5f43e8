import { equalJson } from '../schema/json-value.ts';
import type { Schema } from '../schema/schema.ts';
import { elementsOf, type FieldSet, isEmptySet, isGranular } from './field-set.ts';

/** What differs between two states of an object: fields with a new value (added or changed), and fields that are gone. */
export interface Difference {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

type Draft = { [element: string]: FieldSet };
const leaf: FieldSet = {};

export function compareFields(schema: Schema | undefined, before: unknown, after: unknown): Difference {
  const changed: Draft = {};
  const removed: Draft = {};
  compareChildren(schema, asContainer(before), asContainer(after), changed, removed);
  return { changed, removed };
}

function asContainer(value: unknown): object {
  return value !== null && typeof value === 'object' ? value : {};
}

function compareChildren(
  schema: Schema | undefined,
  before: object,
  after: object,
  changed: Draft,
  removed: Draft,
): void {
  const old = new Map(elementsOf(schema, before).map(([element, item]) => [element, item]));
  for (const [element, item, inner] of elementsOf(schema, after)) {
    if (!old.has(element)) changed[element] = wholeOf(inner, item, element);
    else compareNode(inner, element, old.get(element), item, changed, removed);
    old.delete(element);
  }
  if (old.size === 0) return;
  for (const [element, item, inner] of elementsOf(schema, before)) {
    if (old.has(element)) removed[element] = wholeOf(inner, item, '');
  }
}

function compareNode(
  schema: Schema | undefined,
  element: string,
  before: unknown,
  after: unknown,
  changed: Draft,
  removed: Draft,
): void {
  if (before === after) return;
  const bothParts =
    isGranular(schema, after) && isGranular(schema, before) && Array.isArray(before) === Array.isArray(after);
  if (!bothParts) {
    if (!equalJson(before, after)) changed[element] = leaf;
    return;
  }
  const innerChanged: Draft = {};
  const innerRemoved: Draft = {};
  compareChildren(schema, before as object, after as object, innerChanged, innerRemoved);
  if (!isEmptySet(innerChanged)) changed[element] = innerChanged;
  if (!isEmptySet(innerRemoved)) removed[element] = innerRemoved;
}

/** Structs that Kubernetes' Go types always have, so that filling them is no change of their own. */
const alwaysThere = new Set(
  [
    'metadata',
    'spec',
    'status',
    'template',
    'jobTemplate',
    'strategy',
    'updateStrategy',
    'containers',
    'loadBalancer',
  ].map((name) => `f:${name}`),
);

/** All of a value that was not there before: itself and everything in it. */
function wholeOf(schema: Schema | undefined, value: unknown, element: string): FieldSet {
  if (value === null || typeof value !== 'object' || !isGranular(schema, value)) return leaf;
  const result: Draft = {};
  if (!alwaysThere.has(element) || (schema?.name === undefined && !Array.isArray(value))) result['.'] = leaf;
  for (const [inner, item, innerSchema] of elementsOf(schema, value)) {
    result[inner] = wholeOf(innerSchema, item, inner);
  }
  return Object.keys(result).length === 1 && result['.'] !== undefined ? leaf : result;
}

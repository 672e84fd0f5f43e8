import { asObject, type Fields } from '../object.ts';
import { cloneJson, equalJson } from '../schema/json-value.ts';
import { fieldSchema, type Schema } from '../schema/schema.ts';
import { badRequest } from '../status.ts';

const deleteList = '$deleteFromPrimitiveList/';
const elementOrder = '$setElementOrder/';

/**
 * Kubernetes' strategic merge: objects merge, lists merge by their key where the schema says so, directives (`$patch`, `$retainKeys`,
 * `$deleteFromPrimitiveList/…`, `$setElementOrder/…`) are obeyed. Gives a new value.
 */
export function strategicMerge(schema: Schema | undefined, target: unknown, patch: Fields): Fields {
  const directive = patch['$patch'];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  const current = asObject(target) ?? {};
  const retain = patch['$retainKeys'];
  const result: Fields = Array.isArray(retain)
    ? Object.fromEntries(Object.entries(current).filter(([key]) => retain.includes(key)))
    : { ...current };
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$') && !key.startsWith(deleteList)) continue;
    if (key.startsWith(deleteList)) deletePrimitives(result, key.slice(deleteList.length), value);
    else mergeField(schema, result, key, value);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(elementOrder)) reorder(schema, result, key.slice(elementOrder.length), value);
  }
  return result;
}

function mergeField(schema: Schema | undefined, result: Fields, key: string, value: unknown): void {
  if (value === null) {
    delete result[key];
    return;
  }
  const inner = fieldSchema(schema, key);
  if (Array.isArray(value)) result[key] = mergeList(inner, key, result[key], value);
  else if (typeof value === 'object') {
    const merged = strategicMerge(inner, result[key], value as Fields);
    if ((value as Fields)['$patch'] === 'delete') delete result[key];
    else result[key] = merged;
  } else result[key] = value;
}

function mergeList(
  schema: Schema | undefined,
  name: string,
  target: unknown,
  patch: readonly unknown[],
): unknown[] {
  const current = Array.isArray(target) ? target : [];
  if (!schema?.patchMerge) return patch.filter((item) => !isDirective(item)).map(withoutNested);
  if (schema.patchMergeKey === undefined) {
    const added = patch.filter((item) => !current.some((one) => equalJson(one, item)));
    return [...current, ...cloneJson(added)];
  }
  if (patch.some((item) => asObject(item)?.['$patch'] === 'replace')) {
    return patch.filter((item) => asObject(item)?.['$patch'] !== 'replace').map(withoutNested);
  }
  return mergeByKey(schema, schema.patchMergeKey, name, current, patch);
}

function mergeByKey(
  schema: Schema,
  key: string,
  name: string,
  current: readonly unknown[],
  patch: readonly unknown[],
): unknown[] {
  let result = [...current];
  for (const raw of patch) {
    const item = asObject(raw);
    const id = item?.[key];
    if (item === undefined || id === undefined) {
      throw badRequest(`map: ${JSON.stringify(raw)} does not contain declared merge key: ${key} (${name})`);
    }
    if (item['$patch'] === 'delete') {
      result = result.filter((one) => asObject(one)?.[key] !== id);
      continue;
    }
    const index = result.findIndex((one) => asObject(one)?.[key] === id);
    const merged = strategicMerge(schema.items, index < 0 ? undefined : result[index], item);
    if (index < 0) result.push(merged);
    else result[index] = merged;
  }
  return result;
}

function deletePrimitives(result: Fields, name: string, values: unknown): void {
  const current = result[name];
  if (!Array.isArray(current) || !Array.isArray(values)) return;
  result[name] = current.filter((item) => !values.some((value) => equalJson(value, item)));
}

/** Puts a merged list in the order the client wants; items the order does not name keep their place behind the one before them. */
function reorder(schema: Schema | undefined, result: Fields, name: string, order: unknown): void {
  const current = result[name];
  if (!Array.isArray(current) || !Array.isArray(order)) return;
  const key = fieldSchema(schema, name)?.patchMergeKey;
  const idOf = (item: unknown) => (key === undefined ? item : asObject(item)?.[key]);
  const rank = new Map(order.map((item, i) => [idOf(item), i]));
  let last = -1;
  const placed = current.map((item, i) => {
    last = rank.get(idOf(item)) ?? last;
    return { item, i, at: rank.get(idOf(item)) ?? last };
  });
  result[name] = placed.sort((a, b) => a.at - b.at || a.i - b.i).map(({ item }) => item);
}

function isDirective(item: unknown): boolean {
  return asObject(item)?.['$patch'] !== undefined;
}

function withoutNested(item: unknown): unknown {
  const object = asObject(item);
  return object === undefined ? cloneJson(item) : withoutDirectives(object);
}

function withoutDirectives(object: Fields): Fields {
  const result: Fields = {};
  for (const [key, value] of Object.entries(object)) {
    if (key.startsWith('$') || value === null) continue;
    result[key] = Array.isArray(value) ? value.map(withoutNested) : withoutNested(value);
  }
  return result;
}

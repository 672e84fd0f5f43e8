import { asObject, type Fields } from '../object.ts';
import { cloneJson } from '../schema/json-value.ts';
import { fieldSchema, type Schema } from '../schema/schema.ts';
import { type FieldSet, isGranular, itemElement } from './field-set.ts';

/** The live object with an applied configuration laid over it: objects and keyed lists merge, everything else is replaced. */
export function mergeApplied(schema: Schema | undefined, live: unknown, applied: unknown): unknown {
  if (!isGranular(schema, applied) || !isGranular(schema, live)) return cloneJson(applied);
  if (Array.isArray(applied)) {
    return Array.isArray(live) ? mergeItems(schema as Schema, live, applied) : cloneJson(applied);
  }
  if (Array.isArray(live)) return cloneJson(applied);
  const result: Fields = { ...(live as Fields) };
  for (const [key, value] of Object.entries(applied as Fields)) {
    result[key] = mergeApplied(fieldSchema(schema, key), result[key], value);
  }
  return result;
}

/** Applied order wins; items only the live list has keep their place among their neighbours. */
function mergeItems(schema: Schema, live: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const liveByElement = new Map(live.map((item) => [itemElement(schema, item), item]));
  const wanted = new Set(applied.map((item) => itemElement(schema, item)));
  const result: unknown[] = [];
  let next = 0;
  const takeLiveOnly = () => {
    while (next < live.length && !wanted.has(itemElement(schema, live[next]))) result.push(live[next++]);
  };
  for (const item of applied) {
    const element = itemElement(schema, item);
    takeLiveOnly();
    if (liveByElement.has(element)) next++;
    result.push(mergeApplied(schema.items, liveByElement.get(element), item));
  }
  for (; next < live.length; next++) {
    if (!wanted.has(itemElement(schema, live[next]))) result.push(live[next]);
  }
  return result;
}

/** Takes out of `value` what `last` owned and nobody in `keep` owns. Gives a new value. */
export function pruneFields(
  schema: Schema | undefined,
  value: unknown,
  last: FieldSet,
  keep: FieldSet,
): unknown {
  if (!isGranular(schema, value)) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) {
      const element = itemElement(schema as Schema, item) ?? '';
      const owned = last[element];
      const kept = keep[element];
      if (owned === undefined) items.push(item);
      else if (kept !== undefined) items.push(pruneFields(schema?.items, item, owned, kept));
    }
    return items;
  }
  const result: Fields = { ...(asObject(value) as Fields) };
  for (const key of Object.keys(result)) {
    const owned = last[`f:${key}`];
    const kept = keep[`f:${key}`];
    if (owned === undefined) continue;
    if (kept === undefined) delete result[key];
    else result[key] = pruneFields(fieldSchema(schema, key), result[key], owned, kept);
  }
  return result;
}

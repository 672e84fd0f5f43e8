import type { Json, JsonMap } from './json.ts';
import { isMap } from './json.ts';

/** Lists that merge entry by entry on `name`; all others are replaced whole (Istio's rule for IstioOperator overlays). */
const namedLists = new Set(['ingressGateways', 'egressGateways', 'env']);

/** `over` laid on `base`: maps merge, null removes, lists replace. Neither argument changes. */
export function merge(base: JsonMap, over: JsonMap): JsonMap {
  const result: JsonMap = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const old = Object.hasOwn(result, key) ? result[key] : undefined;
    if (value === null) delete result[key];
    else if (key === '__proto__') continue;
    else if (isMap(value) && isMap(old)) result[key] = merge(old, value);
    else if (namedLists.has(key) && Array.isArray(value) && Array.isArray(old))
      result[key] = mergeByName(old, value);
    else result[key] = value;
  }
  return result;
}

/** Entries of equal `name` merge, new ones follow. */
export function mergeByName(base: readonly Json[], over: readonly Json[]): Json[] {
  const result = [...base];
  for (const entry of over) {
    const at = isMap(entry) ? result.findIndex((old) => isMap(old) && old['name'] === entry['name']) : -1;
    if (at >= 0) result[at] = merge(result[at] as JsonMap, entry as JsonMap);
    else result.push(entry);
  }
  return result;
}

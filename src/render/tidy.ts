import type { KubeObject } from '../api/object.ts';

/** Fields that templates always write and that say nothing when empty; elsewhere an empty value means something (`emptyDir: {}`). */
const silentWhenEmpty = new Set(['annotations', 'nodeSelector', 'tolerations', 'affinity', 'resources']);

/** The object without such empty fields. */
export function tidy(object: KubeObject): KubeObject {
  return tidyValue(object) as KubeObject;
}

function tidyValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidyValue);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key, entry]) => !(silentWhenEmpty.has(key) && isEmpty(entry)));
  return Object.fromEntries(kept.map(([key, entry]) => [key, tidyValue(entry)]));
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Parsed YAML or JSON. */
export type Json = null | boolean | number | string | Json[] | JsonMap;
export type JsonMap = { [key: string]: Json };

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The map at a dotted path, or an empty one. */
export function mapAt(root: unknown, path: string): JsonMap {
  const found = valueAt(root, path);
  return isMap(found) ? found : {};
}

/** The value at a dotted path of plain keys, or undefined. */
export function valueAt(root: unknown, path: string): Json | undefined {
  let at: unknown = root;
  for (const key of path.split('.')) {
    if (!isMap(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at as Json;
}

export function textAt(root: unknown, path: string, fallback = ''): string {
  const found = valueAt(root, path);
  return typeof found === 'string' ? found : typeof found === 'number' ? String(found) : fallback;
}

export function flagAt(root: unknown, path: string, fallback: boolean): boolean {
  const found = valueAt(root, path);
  return typeof found === 'boolean' ? found : fallback;
}

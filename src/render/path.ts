import type { Json, JsonMap } from './json.ts';
import { isMap } from './json.ts';

/** One step of a path: `a`, `[2]`, `[-1]` (append), `[name:x]`, `[:value]`. */
export type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'match'; readonly key: string; readonly value: string };

/**
 * Reads the path syntax of `--set` and of `k8s.overlays`: keys joined by dots, `\.` for a dot inside a key, list entries as `[0]`,
 * `.[name:discovery]` or `.[:value]`. Throws on syntax it cannot read.
 */
export function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  const pattern = /\.?\[([^\]]*)\]|\.?((?:\\.|[^.[\\])+)/gy;
  while (pattern.lastIndex < path.length) {
    const at = pattern.lastIndex;
    const found = pattern.exec(path);
    if (found === null) throw new Error(`cannot read path "${path}" at "${path.slice(at)}"`);
    const [, bracket, key] = found;
    steps.push(
      key === undefined
        ? bracketStep(bracket as string, path)
        : { kind: 'key', key: key.replace(/\\(.)/g, '$1') },
    );
  }
  if (steps.length === 0) throw new Error('empty path');
  return steps;
}

function bracketStep(text: string, path: string): Step {
  const colon = text.indexOf(':');
  if (colon >= 0) return { kind: 'match', key: text.slice(0, colon), value: text.slice(colon + 1) };
  if (/^-?\d+$/.test(text)) return { kind: 'index', index: Number(text) };
  throw new Error(`cannot read "[${text}]" in path "${path}": write [number], [name:value] or [:value]`);
}

/**
 * A copy of `root` with `value` at the path; undefined removes what is there. Missing maps are made on the way; a list entry to change
 * must exist, except that `[-1]` or the next free index appends. Throws with the step that was not found.
 */
export function setPath(root: Json | undefined, steps: readonly Step[], value: Json | undefined): Json {
  const [step, ...rest] = steps;
  if (step === undefined) return value as Json;
  if (step.kind === 'key') return setKey(root, step.key, rest, value);
  const list = root === undefined || root === null ? [] : root;
  if (!Array.isArray(list)) throw new Error(`${describeStep(step)} needs a list there`);
  return setEntry(list, step, rest, value);
}

function setKey(
  root: Json | undefined,
  key: string,
  rest: readonly Step[],
  value: Json | undefined,
): JsonMap {
  if (key === '__proto__') throw new Error('__proto__ cannot be set');
  if (root !== undefined && root !== null && !isMap(root)) throw new Error(`"${key}" needs a map there`);
  const map: JsonMap = { ...(root ?? {}) };
  if (rest.length === 0 && value === undefined) delete map[key];
  else map[key] = setPath(Object.hasOwn(map, key) ? map[key] : undefined, rest, value);
  return map;
}

function setEntry(
  list: readonly Json[],
  step: Exclude<Step, { kind: 'key' }>,
  rest: readonly Step[],
  value: Json | undefined,
): Json[] {
  const result = [...list];
  const at = findEntry(list, step);
  if (at === undefined) throw new Error(`${describeStep(step)} is not there`);
  if (rest.length === 0 && value === undefined) result.splice(at, 1);
  else result[at] = setPath(list[at], rest, value);
  return result;
}

function findEntry(list: readonly Json[], step: Exclude<Step, { kind: 'key' }>): number | undefined {
  if (step.kind === 'index')
    return step.index === -1
      ? list.length
      : step.index >= 0 && step.index <= list.length
        ? step.index
        : undefined;
  const at = list.findIndex((entry) =>
    step.key === '' ? String(entry) === step.value : isMap(entry) && String(entry[step.key]) === step.value,
  );
  return at < 0 ? undefined : at;
}

function describeStep(step: Step): string {
  switch (step.kind) {
    case 'key':
      return step.key;
    case 'index':
      return `[${step.index}]`;
    case 'match':
      return `[${step.key}:${step.value}]`;
  }
}

import { asObject } from '../object.ts';

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | {
      readonly kind: 'filter';
      readonly path: readonly string[];
      readonly operator: string;
      readonly value: unknown;
    };

const stepPattern =
  /^(?:\.?\[\?\(@((?:\.[\w-]+)+)\s*(==|!=|>=|<=|>|<)\s*("[^"]*"|'[^']*'|[^)]+?)\s*\)\]|\.?\[(-?\d+)\]|\.?\[\*\]|\.?\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]|\.\*|\.((?:[^.[\]\\]|\\.)+))/;

/** A compiled simple JSON path, as printer columns and selectable fields use them. */
export type JsonPath = readonly Step[];

/** Compiles `.status.conditions[?(@.type=="Ready")].status`; undefined when it is no such path. */
export function compileJsonPath(text: string): JsonPath | undefined {
  const steps: Step[] = [];
  let rest = text.startsWith('$') ? text.slice(1) : text;
  if (!rest.startsWith('.') && !rest.startsWith('[')) rest = `.${rest}`;
  while (rest !== '' && rest !== '.') {
    const match = stepPattern.exec(rest);
    if (match === null) return undefined;
    rest = rest.slice(match[0].length);
    steps.push(stepOf(match));
  }
  return steps;
}

function stepOf(match: RegExpExecArray): Step {
  const [all, path, operator, value, index, single, double, field] = match;
  if (path !== undefined) {
    return {
      kind: 'filter',
      path: path.slice(1).split('.'),
      operator: operator as string,
      value: literal(value as string),
    };
  }
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  const name = single ?? double ?? field;
  if (name !== undefined) return { kind: 'field', name: name.replace(/\\(.)/g, '$1') };
  return all.includes('*') ? { kind: 'all' } : { kind: 'field', name: '' };
}

function literal(text: string): unknown {
  if (/^["']/.test(text)) return text.slice(1, -1);
  if (text === 'true') return true;
  if (text === 'false') return false;
  return Number(text);
}

/** All values the path leads to. */
export function queryJsonPath(path: JsonPath, root: unknown): unknown[] {
  let values: unknown[] = [root];
  for (const step of path) values = values.flatMap((value) => follow(step, value));
  return values;
}

function follow(step: Step, value: unknown): unknown[] {
  switch (step.kind) {
    case 'field': {
      const inner = asObject(value)?.[step.name];
      return inner === undefined ? [] : [inner];
    }
    case 'index': {
      const item = Array.isArray(value) ? value.at(step.index) : undefined;
      return item === undefined ? [] : [item];
    }
    case 'all':
      return Array.isArray(value) ? value : Object.values(asObject(value) ?? {});
    case 'filter':
      return Array.isArray(value) ? value.filter((item) => passes(step, item)) : [];
  }
}

function passes(step: Extract<Step, { kind: 'filter' }>, item: unknown): boolean {
  let found: unknown = item;
  for (const key of step.path) found = asObject(found)?.[key];
  const wanted = step.value;
  switch (step.operator) {
    case '==':
      return found === wanted;
    case '!=':
      return found !== wanted;
    case '>':
      return Number(found) > Number(wanted);
    case '<':
      return Number(found) < Number(wanted);
    case '>=':
      return Number(found) >= Number(wanted);
    default:
      return Number(found) <= Number(wanted);
  }
}

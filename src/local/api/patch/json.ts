import { cloneJson, equalJson } from '../schema/json-value.ts';
import { badRequest, StatusError } from '../status.ts';

export interface JsonPatchOperation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** RFC 6902: a new value, the target is left alone. Throws a 422 when an operation cannot be applied, a 400 when the patch is no patch. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    throw badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  }
  let root = cloneJson(target);
  for (const operation of patch as JsonPatchOperation[]) root = applyOperation(root, operation);
  return root;
}

function applyOperation(root: unknown, operation: JsonPatchOperation): unknown {
  const { op, path, from, value } = operation;
  switch (op) {
    case 'add':
      return put(root, path, cloneJson(value), true);
    case 'replace':
      read(root, path, 'replace');
      return put(root, path, cloneJson(value), false);
    case 'remove':
      return remove(root, path);
    case 'move': {
      const moved = read(root, from ?? '', 'move');
      return put(remove(root, from ?? ''), path, moved, true);
    }
    case 'copy':
      return put(root, path, cloneJson(read(root, from ?? '', 'copy')), true);
    case 'test': {
      const found = lookUp(root, path);
      if (!equalJson(found ?? null, value ?? null)) throw failed(`testing value ${path} failed`);
      return root;
    }
    default:
      throw failed(`Unexpected kind: ${op}`);
  }
}

function failed(message: string): StatusError {
  return new StatusError(422, 'Invalid', `the server rejected our request due to an error in our request`, {
    causes: [{ message }],
  });
}

function tokens(path: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw failed(`missing path: ${path}`);
  return path
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function lookUp(root: unknown, path: string): unknown {
  let here = root;
  for (const token of tokens(path)) {
    if (here === null || typeof here !== 'object') return undefined;
    here = Array.isArray(here) ? here[indexOf(here, token, false)] : (here as Record<string, unknown>)[token];
  }
  return here;
}

function read(root: unknown, path: string, op: string): unknown {
  const value = lookUp(root, path);
  if (value === undefined) throw failed(`${op} operation does not apply: doc is missing key: ${path}`);
  return value;
}

function put(root: unknown, path: string, value: unknown, insert: boolean): unknown {
  const steps = tokens(path);
  const last = steps.pop();
  if (last === undefined) return value;
  const parent = parentOf(root, steps, path);
  if (!Array.isArray(parent)) (parent as Record<string, unknown>)[last] = value;
  else if (insert) parent.splice(indexOf(parent, last, true), 0, value);
  else parent[indexOf(parent, last, false)] = value;
  return root;
}

function remove(root: unknown, path: string): unknown {
  const steps = tokens(path);
  const last = steps.pop();
  if (last === undefined) return null;
  const parent = parentOf(root, steps, path);
  if (Array.isArray(parent)) parent.splice(indexOf(parent, last, false), 1);
  else if (Object.hasOwn(parent, last)) delete (parent as Record<string, unknown>)[last];
  else throw failed(`remove operation does not apply: doc is missing path: ${path}`);
  return root;
}

function parentOf(root: unknown, steps: readonly string[], path: string): object {
  let here = root;
  for (const token of steps) {
    if (here === null || typeof here !== 'object') break;
    here = Array.isArray(here) ? here[indexOf(here, token, false)] : (here as Record<string, unknown>)[token];
  }
  if (here === null || typeof here !== 'object') throw failed(`doc is missing path: ${path}`);
  return here;
}

function indexOf(list: readonly unknown[], token: string, insert: boolean): number {
  if (token === '-') return insert ? list.length : list.length - 1;
  const index = Number(token);
  const limit = insert ? list.length : list.length - 1;
  if (!/^-?\d+$/.test(token) || index > limit || index < 0) {
    throw failed(`Unable to access invalid index: ${token}`);
  }
  return index;
}

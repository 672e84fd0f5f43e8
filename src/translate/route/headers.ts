import type { Headers } from '../../mesh/index.ts';
import type { Json } from '../typed.ts';
import { compact } from '../typed.ts';

/** Header changes of a route or destination; `authority` is what `set`/`add` of Host asks for, which Envoy does by host rewrite. */
export function headerOperations(headers: Headers | undefined): {
  readonly fields: Json;
  readonly authority: string;
} {
  const request = headers?.request;
  const response = headers?.response;
  const fields = compact({
    request_headers_to_add: listOrUndefined([
      ...options(request?.set, true),
      ...options(request?.add, false),
    ]),
    request_headers_to_remove: listOrUndefined((request?.remove ?? []).filter((name) => !isInternal(name))),
    response_headers_to_add: listOrUndefined([
      ...options(response?.set, true),
      ...options(response?.add, false),
    ]),
    response_headers_to_remove: listOrUndefined((response?.remove ?? []).filter((name) => !isInternal(name))),
  });
  return { fields, authority: authorityOf(request?.set) || authorityOf(request?.add) };
}

function options(values: Readonly<Record<string, string>> | undefined, overwrite: boolean): Json[] {
  return Object.entries(values ?? {})
    .filter(([key]) => !isInternal(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({
      header: { key, value },
      append_action: overwrite ? 'OVERWRITE_IF_EXISTS_OR_ADD' : 'APPEND_IF_EXISTS_OR_ADD',
    }));
}

function authorityOf(values: Readonly<Record<string, string>> | undefined): string {
  const found = Object.entries(values ?? {}).find(([key]) => /^(:authority|host)$/i.test(key));
  return found?.[1] ?? '';
}

/** Envoy changes no pseudo headers this way. */
function isInternal(name: string): boolean {
  return name.startsWith(':') || name.toLowerCase() === 'host';
}

function listOrUndefined<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** Joins what a route says with what its only destination says, the destination's last. */
export function joinOperations(route: Json, destination: Json): Json {
  const joined: Record<string, unknown> = { ...route };
  for (const [key, value] of Object.entries(destination)) {
    joined[key] = [...((joined[key] as unknown[] | undefined) ?? []), ...(value as unknown[])];
  }
  return joined;
}

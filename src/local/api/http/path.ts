import type { ResourceRegistry } from '../resources/registry.ts';
import type { ApiResource, Subresource } from '../resources/resource.ts';

/** A URL path that names a resource. */
export interface ResourcePath {
  readonly resource: ApiResource;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: Subresource;
  /** What follows `/proxy`. */
  readonly rest?: string;
  /** `/watch/…`, the old form of ?watch=true. */
  readonly watch: boolean;
}

/** Reads `/api/v1/namespaces/default/pods/a/log` and its like; undefined when no served resource has that path. */
export function parsePath(registry: ResourceRegistry, path: string): ResourcePath | undefined {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(safeDecode);
  const isCore = parts[0] === 'api';
  const group = isCore ? '' : (parts[1] ?? '');
  const version = (isCore ? parts[1] : parts[2]) ?? '';
  let rest = parts.slice(isCore ? 2 : 3);
  const watch = rest[0] === 'watch';
  if (watch) rest = rest.slice(1);
  let namespace: string | undefined;
  if (rest[0] === 'namespaces' && rest.length >= 3 && !isNamespaceSubresource(group, rest)) {
    namespace = rest[1];
    rest = rest.slice(2);
  }
  const [plural = '', name, subresource, ...tail] = rest;
  const resource = registry.find(group, version, plural);
  if (resource === undefined) return undefined;
  if (namespace !== undefined && !resource.namespaced) return undefined;
  if (subresource !== undefined && !resource.subresources.includes(subresource as Subresource)) {
    return undefined;
  }
  if (tail.length > 0 && subresource !== 'proxy') return undefined;
  return {
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource: subresource as Subresource }),
    ...(tail.length > 0 ? { rest: tail.join('/') } : {}),
    watch,
  };
}

function isNamespaceSubresource(group: string, rest: readonly string[]): boolean {
  return group === '' && rest.length === 3 && (rest[2] === 'status' || rest[2] === 'finalize');
}

function safeDecode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

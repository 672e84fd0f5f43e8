import { sha256Hex } from '../../base/hash.ts';
import type { Service } from '../../mesh/index.ts';
import type { Json, ScopeResources } from '../../translate/index.ts';
import { partName, payloadHash } from '../../xds/snapshot/index.ts';

/** One part of a scope before it is encoded. */
export interface Part {
  readonly name: string;
  readonly kind: 'config' | 'endpoints';
  readonly payload: string;
  readonly hash: string;
  /** What it was made of: the same list gives the same part without being serialized again. */
  readonly from: readonly Json[];
}

/** Services of a namespace, or endpoint sets of a scope, beyond this many are spread over numbered parts. */
const bucketAbove = { clusters: 32, endpoints: 100 };

/**
 * Cuts a scope's listeners, routes and clusters so that one change rewrites little: each route table, the clusters of each namespace
 * (or a sixteenth of it), all listeners. `before` are the parts of the last push.
 */
export function configParts(
  scope: string,
  resources: ScopeResources,
  before: ReadonlyMap<string, Part>,
): Part[] {
  const cut = (slug: string, kind: 'listeners' | 'routes' | 'clusters', list: readonly Json[]) =>
    makePart(partName(scope, slug), 'config', kind, list, before);
  const parts = [
    cut('listeners', 'listeners', resources.listeners),
    cut('clusters', 'clusters', resources.clusters),
  ];
  for (const route of resources.routes) parts.push(cut(`routes-${String(route['name'])}`, 'routes', [route]));
  for (const [slug, services] of clusterBuckets([...resources.serviceClusters.keys()])) {
    const list = services.flatMap((service) => resources.serviceClusters.get(service) ?? []);
    if (list.length > 0) parts.push(cut(`clusters-${slug}`, 'clusters', list));
  }
  return parts;
}

/** Which services' endpoints lie together. */
export function endpointBuckets(services: readonly Service[]): Map<string, Service[]> {
  const eds = services.filter((service) => service.resolution === 'eds');
  const slug =
    eds.length <= bucketAbove.endpoints
      ? (service: Service) => `endpoints-${service.hostname}`
      : (service: Service) => `endpoints-${sha256Hex(service.hostname, 2)}`;
  return group(eds, slug);
}

export function endpointPart(
  scope: string,
  slug: string,
  assignments: readonly Json[],
  before: ReadonlyMap<string, Part>,
): Part {
  return makePart(partName(scope, slug), 'endpoints', 'endpoints', assignments, before);
}

function clusterBuckets(services: readonly Service[]): Map<string, Service[]> {
  const buckets = new Map<string, Service[]>();
  for (const [namespace, members] of group(services, (service) => service.namespace)) {
    if (members.length <= bucketAbove.clusters) buckets.set(namespace, members);
    else {
      for (const [digit, some] of group(members, (service) => sha256Hex(service.hostname, 1))) {
        buckets.set(`${namespace}-${digit}`, some);
      }
    }
  }
  return buckets;
}

function group<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const members = groups.get(name);
    if (members === undefined) groups.set(name, [item]);
    else members.push(item);
  }
  return groups;
}

function makePart(
  name: string,
  kind: Part['kind'],
  resources: 'listeners' | 'routes' | 'clusters' | 'endpoints',
  from: readonly Json[],
  before: ReadonlyMap<string, Part>,
): Part {
  const known = before.get(name);
  if (
    known !== undefined &&
    known.from.length === from.length &&
    known.from.every((item, i) => item === from[i])
  ) {
    return known;
  }
  const text = `[${from.map(json).join(',')}]`;
  const list = (field: string) => `"${field}":${field === resources ? text : '[]'}`;
  const payload = `{${['listeners', 'routes', 'clusters', 'endpoints'].map(list).join(',')}}`;
  const hash = payloadHash(payload);
  return known !== undefined && known.hash === hash
    ? { ...known, from }
    : { name, kind, payload, hash, from };
}

/** Resources shared by scopes are serialized once. */
const texts = new WeakMap<Json, string>();

function json(resource: Json): string {
  let text = texts.get(resource);
  if (text === undefined) {
    text = JSON.stringify(resource);
    texts.set(resource, text);
  }
  return text;
}

import type { KubeObject } from '../../api/object.ts';
import { warning } from '../../base/issue.ts';
import { fullHost } from '../host.ts';
import type { Finding, ObjectRef, VirtualService } from '../model/mesh.ts';
import type { MeshConfig } from '../model/mesh-config.ts';
import type { Destination, HttpRoute, L4Route, StringMatch, VirtualServiceSpec } from '../model/rules.ts';
import { createdAt } from './service.ts';

/** A VirtualService with its hosts and destinations spelled out; delegates are merged later, when all are known. */
export function buildVirtualService(object: KubeObject, config: MeshConfig): VirtualService {
  const spec = (object.spec ?? {}) as VirtualServiceSpec;
  const namespace = object.metadata.namespace ?? 'default';
  const full = (host: string) => fullHost(host, namespace, config.domain);
  const gateway = (name: string) => gatewayName(name, namespace);
  return {
    ref: { kind: 'VirtualService', namespace, name: object.metadata.name },
    createdAt: createdAt(object),
    hosts: (spec.hosts ?? []).map(full),
    gateways:
      spec.gateways === undefined || spec.gateways.length === 0 ? ['mesh'] : spec.gateways.map(gateway),
    exportTo: spec.exportTo ?? config.defaultVirtualServiceExportTo,
    http: (spec.http ?? []).map((route) => resolveHttp(route, full, gateway)),
    tls: (spec.tls ?? []).map((route) => resolveL4(route, full, gateway)),
    tcp: (spec.tcp ?? []).map((route) => resolveL4(route, full, gateway)),
  };
}

/** `mesh`, or `namespace/name` from the forms users write: `name`, `namespace/name`, `name.namespace.svc.domain`. */
export function gatewayName(name: string, namespace: string): string {
  if (name === 'mesh' || name.includes('/')) return name;
  const [first, second] = name.split('.');
  return second === undefined ? `${namespace}/${name}` : `${second}/${first}`;
}

type Resolve = (name: string) => string;

function resolveDestination(destination: Destination, full: Resolve): Destination {
  return { ...destination, host: full(destination.host ?? '') };
}

function resolveHttp(route: HttpRoute, full: Resolve, gateway: Resolve): HttpRoute {
  return {
    ...route,
    ...(route.match && { match: route.match.map((match) => resolveGateways(match, gateway)) }),
    ...(route.route && {
      route: route.route.map((entry) => ({
        ...entry,
        destination: resolveDestination(entry.destination, full),
      })),
    }),
    ...(route.mirror && { mirror: resolveDestination(route.mirror, full) }),
    ...(route.mirrors && {
      mirrors: route.mirrors.map((mirror) => ({
        ...mirror,
        ...(mirror.destination && { destination: resolveDestination(mirror.destination, full) }),
      })),
    }),
  };
}

function resolveL4(route: L4Route, full: Resolve, gateway: Resolve): L4Route {
  return {
    ...route,
    ...(route.match && { match: route.match.map((match) => resolveGateways(match, gateway)) }),
    ...(route.route && {
      route: route.route.map((entry) => ({
        ...entry,
        destination: resolveDestination(entry.destination, full),
      })),
    }),
  };
}

function resolveGateways<T extends { readonly gateways?: readonly string[] }>(match: T, gateway: Resolve): T {
  return match.gateways === undefined || match.gateways.length === 0
    ? match
    : { ...match, gateways: match.gateways.map(gateway) };
}

export interface MergedVirtualServices {
  readonly services: readonly VirtualService[];
  readonly findings: readonly Finding[];
}

/**
 * Root VirtualServices with the routes of their delegates in place of the delegating routes. VirtualServices without hosts are
 * delegates and serve nothing by themselves. A missing delegate drops only the route that names it.
 */
export function mergeDelegates(all: readonly VirtualService[]): MergedVirtualServices {
  const findings: Finding[] = [];
  const delegates = new Map(
    all
      .filter((service) => service.hosts.length === 0)
      .map((service) => [`${service.ref.namespace}/${service.ref.name}`, service]),
  );
  const services = all
    .filter((service) => service.hosts.length > 0)
    .map((root) => {
      if (!root.http.some((route) => route.delegate)) return root;
      const http = root.http.flatMap((route, i) => expand(root.ref, route, i, delegates, findings));
      return { ...root, http };
    });
  return { services, findings };
}

function expand(
  ref: ObjectRef,
  route: HttpRoute,
  index: number,
  delegates: ReadonlyMap<string, VirtualService>,
  findings: Finding[],
): readonly HttpRoute[] {
  if (route.delegate === undefined) return [route];
  const key = `${route.delegate.namespace || ref.namespace}/${route.delegate.name}`;
  const delegate = delegates.get(key);
  const path = `spec.http[${index}].delegate`;
  if (delegate === undefined) {
    const message = `VirtualService ${key} does not exist or has hosts of its own; this route is left out until it does`;
    findings.push({ ref, issue: warning('DelegateNotFound', path, message) });
    return [];
  }
  return delegate.http.flatMap((inner) => {
    const merged = mergeRoute(route, inner);
    if (merged === undefined) {
      const message = `a match of VirtualService ${key} contradicts the match of the route that delegates to it; its route is left out`;
      findings.push({ ref, issue: warning('DelegateConflict', path, message) });
      return [];
    }
    return [merged];
  });
}

/** Settings of the delegate win, the root's fill in where the delegate is silent; matches are combined pairwise. */
function mergeRoute(root: HttpRoute, delegate: HttpRoute): HttpRoute | undefined {
  const { delegate: _, match: rootMatches, ...settings } = root;
  const match = mergeMatches(rootMatches ?? [], delegate.match ?? []);
  if (match === undefined) return undefined;
  const name = root.name && delegate.name ? { name: `${root.name}-${delegate.name}` } : {};
  return { ...settings, ...delegate, ...name, ...(match.length > 0 && { match }) };
}

type Matches = NonNullable<HttpRoute['match']>;
type Match = Matches[number];

/**
 * Each match of the delegate is combined with every match of the root it does not contradict; one that contradicts them all makes the
 * delegate's route unusable (undefined).
 */
function mergeMatches(root: Matches, delegate: Matches): Matches | undefined {
  if (root.length === 0) return delegate;
  if (delegate.length === 0) return root;
  const merged: Match[] = [];
  for (const inner of delegate) {
    const fitting = root.filter((outer) => !contradicts(outer, inner));
    if (fitting.length === 0) return undefined;
    merged.push(...fitting.map((outer) => mergeMatch(outer, inner)));
  }
  return merged;
}

function mergeMatch(outer: Match, inner: Match): Match {
  const name = outer.name && inner.name ? `${outer.name}-${inner.name}` : inner.name || outer.name;
  return {
    ...outer,
    ...inner,
    ...(name && { name }),
    ...(outer.headers && { headers: { ...outer.headers, ...inner.headers } }),
    ...(outer.withoutHeaders && { withoutHeaders: { ...outer.withoutHeaders, ...inner.withoutHeaders } }),
    ...(outer.queryParams && { queryParams: { ...outer.queryParams, ...inner.queryParams } }),
    ...(outer.sourceLabels && { sourceLabels: { ...outer.sourceLabels, ...inner.sourceLabels } }),
  };
}

function contradicts(root: Match, delegate: Match): boolean {
  const texts = ['uri', 'scheme', 'method', 'authority'] as const;
  const maps = ['headers', 'withoutHeaders', 'queryParams'] as const;
  const labels = Object.entries(delegate.sourceLabels ?? {});
  const gateways = root.gateways ?? [];
  return (
    texts.some((field) => narrows(root[field], delegate[field]) === false) ||
    maps.some((field) =>
      Object.entries(delegate[field] ?? {}).some(([key, value]) => !narrows(root[field]?.[key], value)),
    ) ||
    (root.ignoreUriCase ?? false) !== (delegate.ignoreUriCase ?? false) ||
    Boolean(root.port && delegate.port && root.port !== delegate.port) ||
    Boolean(root.sourceNamespace && delegate.sourceNamespace !== root.sourceNamespace) ||
    labels.some(([key, value]) => (root.sourceLabels?.[key] ?? value) !== value) ||
    (gateways.length > 0 && (delegate.gateways ?? []).some((name) => !gateways.includes(name)))
  );
}

/** Whether the delegate's match lies within the root's. Of a regex nobody can tell, so it goes with no other match. */
function narrows(root: StringMatch | null | undefined, delegate: StringMatch | null | undefined): boolean {
  if (!root || !delegate) return true;
  if (root.regex !== undefined || delegate.regex !== undefined) return false;
  if (root.exact !== undefined) return delegate.exact === root.exact;
  return (delegate.exact ?? delegate.prefix ?? '').startsWith(root.prefix ?? '');
}

import { sha256Hex, stableJson } from '../../base/hash.ts';
import { fullHost, hostsOverlap } from '../host.ts';
import type { Mesh, MeshProxy, Sidecar, VirtualService } from '../model/mesh.ts';
import { refKey, selects } from '../model/mesh.ts';
import type { Service } from '../model/service.ts';
import { NamespaceDifferences } from './differences.ts';
import type { View } from './visibility.ts';
import { isExported, visibleServices } from './visibility.ts';

/** Proxies that see one same outbound world, and the name under which that world is kept. */
export interface SidecarScope {
  readonly name: string;
  readonly namespace: string;
  readonly sidecar: Sidecar | undefined;
  /** Labels of a proxy of the scope: any of them gives the same result. */
  readonly labels: Readonly<Record<string, string>>;
  readonly proxies: readonly MeshProxy[];
}

/**
 * Groups sidecar proxies into scopes. Two proxies share one when nothing in the mesh tells them apart: what their namespaces may see, the
 * Sidecar resource that applies, and the outcome of every label selector that rules carry (sourceLabels, a DestinationRule's
 * workloadSelector). Short names do not: each proxy adds those of its namespace by itself. An ordinary mesh is one scope.
 */
export function sidecarScopes(mesh: Mesh, proxies: Iterable<MeshProxy>): SidecarScope[] {
  const selectors = labelSelectors(mesh);
  const differences = new NamespaceDifferences(mesh);
  const scopes = new Map<string, SidecarScope & { proxies: MeshProxy[] }>();
  const sorted = [...proxies].filter(({ kind }) => kind === 'sidecar').sort(byPlace);
  for (const proxy of sorted) {
    const sidecar = sidecarFor(mesh, proxy);
    const matched = selectors.filter(({ selector }) => selects(selector, proxy.labels)).map(({ key }) => key);
    const name = scopeName(proxy.namespace, differences.of(proxy.namespace), sidecar, matched);
    const known = scopes.get(name);
    if (known !== undefined) known.proxies.push(proxy);
    else
      scopes.set(name, { name, namespace: proxy.namespace, sidecar, labels: proxy.labels, proxies: [proxy] });
  }
  return [...scopes.values()];
}

function byPlace(a: MeshProxy, b: MeshProxy): number {
  const [left, right] = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `mesh` for the ordinary case; what makes a scope special is hashed behind it. */
export function scopeName(
  namespace: string,
  differences: readonly string[],
  sidecar: Sidecar | undefined,
  matched: readonly string[],
): string {
  if (differences.length === 0 && sidecar === undefined && matched.length === 0) return 'mesh';
  // What a Sidecar imports may be relative to the namespace.
  const special = [differences, matched, sidecar && [refKey(sidecar.ref), namespace]];
  return `mesh-${sha256Hex(stableJson(special), 8)}`;
}

interface LabelSelector {
  readonly key: string;
  readonly selector: Readonly<Record<string, string>>;
}

function labelSelectors(mesh: Mesh): LabelSelector[] {
  const found = new Map<string, Readonly<Record<string, string>>>();
  const add = (selector: Readonly<Record<string, string>> | undefined) => {
    if (selector !== undefined && Object.keys(selector).length > 0) found.set(stableJson(selector), selector);
  };
  for (const service of mesh.virtualServices) {
    for (const route of [...service.http, ...service.tls, ...service.tcp]) {
      for (const match of route.match ?? []) add(match.sourceLabels);
    }
  }
  for (const rule of mesh.destinationRules) add(rule.spec.workloadSelector?.matchLabels);
  return [...found].map(([key, selector]) => ({ key, selector })).sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** The Sidecar resource that applies: one selecting the workload, else the namespace's, else the root namespace's; oldest first. */
function sidecarFor(mesh: Mesh, proxy: MeshProxy): Sidecar | undefined {
  const own = mesh.sidecars.filter((sidecar) => sidecar.ref.namespace === proxy.namespace);
  return (
    own.find(
      (sidecar) => hasSelector(sidecar) && selects(sidecar.spec.workloadSelector?.labels ?? {}, proxy.labels),
    ) ??
    own.find((sidecar) => !hasSelector(sidecar)) ??
    mesh.sidecars.find(
      (sidecar) => sidecar.ref.namespace === mesh.config.rootNamespace && !hasSelector(sidecar),
    )
  );
}

function hasSelector(sidecar: Sidecar): boolean {
  return Object.keys(sidecar.spec.workloadSelector?.labels ?? {}).length > 0;
}

/** The outbound world of a scope. */
export function sidecarView(mesh: Mesh, scope: SidecarScope): View {
  const imports = egressImports(mesh, scope);
  const services = new Map<string, Service>();
  for (const [host, service] of visibleServices(mesh, scope.namespace)) {
    if (imports(service.namespace, host)) services.set(host, service);
  }
  const mode = scope.sidecar?.spec.outboundTrafficPolicy?.mode;
  return {
    mesh,
    namespace: scope.namespace,
    labels: scope.labels,
    services,
    virtualServices: mesh.virtualServices.filter((service) => isMeshRule(service, scope.namespace, imports)),
    outboundTrafficPolicy:
      mode === 'REGISTRY_ONLY' || mode === 'ALLOW_ANY' ? mode : mesh.config.outboundTrafficPolicy,
  };
}

type Imports = (namespace: string, host: string) => boolean;

function isMeshRule(service: VirtualService, namespace: string, imports: Imports): boolean {
  return (
    service.gateways.includes('mesh') &&
    isExported(service.exportTo, service.ref.namespace, namespace) &&
    service.hosts.some((host) => imports(service.ref.namespace, host))
  );
}

/** What the Sidecar's `egress[].hosts` (`namespace/host`) let in; all when none applies. */
function egressImports(mesh: Mesh, scope: SidecarScope): Imports {
  const egress = scope.sidecar?.spec.egress;
  if (egress === undefined || egress.length === 0) return () => true;
  const rows = egress
    .flatMap((listener) => listener.hosts ?? [])
    .map((entry) => parseImport(entry, mesh, scope.namespace));
  return (namespace, host) =>
    rows.some(
      (row) => (row.namespace === '*' || row.namespace === namespace) && hostsOverlap(row.host, host),
    );
}

function parseImport(entry: string, mesh: Mesh, own: string): { namespace: string; host: string } {
  const slash = entry.indexOf('/');
  const [namespace, host] = slash < 0 ? ['*', entry] : [entry.slice(0, slash), entry.slice(slash + 1)];
  const from = namespace === '.' ? own : namespace;
  return { namespace: from, host: fullHost(host, from === '*' ? own : from, mesh.config.domain) };
}

/** Whether a match condition speaks of sidecars seen through this view. `gateways` in a match replaces the source conditions. */
export function sourceMatches(
  match: {
    readonly gateways?: readonly string[];
    readonly sourceLabels?: Readonly<Record<string, string>>;
    readonly sourceNamespace?: string;
  },
  view: Pick<View, 'namespace' | 'labels'>,
  gateways: ReadonlySet<string>,
): boolean {
  if (match.gateways !== undefined && match.gateways.length > 0)
    return match.gateways.some((name) => gateways.has(name));
  return (
    selects(match.sourceLabels ?? {}, view.labels) &&
    (!match.sourceNamespace || match.sourceNamespace === view.namespace)
  );
}

import { sha256Hex } from '../../base/hash.ts';
import type { DecodedOwn, DecodedPart } from './decode.ts';
import type { ScopeIndex } from './encode.ts';
import type { ResourceSet, XdsResource } from './resources.ts';
import { mergeResources, resourceName } from './resources.ts';

/** What a proxy is to run on, or which parts have not arrived yet. */
export type Assembled =
  | { readonly complete: true; readonly resources: ResourceSet }
  | { readonly complete: false; readonly missing: readonly string[] };

/**
 * A proxy's whole configuration from its own object and its scope. It is complete only when every config part is there at the
 * hash the index names and every endpoint part exists, so a route never arrives before its cluster. Until then the last
 * complete one keeps serving.
 */
export function assemble(
  own: DecodedOwn,
  index: ScopeIndex | undefined,
  parts: ReadonlyMap<string, DecodedPart>,
): Assembled {
  if (own.scope === '') return { complete: true, resources: localized(own, own.resources) };
  if (index === undefined) return { complete: false, missing: [own.scope] };
  const missing = [
    ...index.parts.filter(({ name, hash }) => parts.get(name)?.hash !== hash).map(({ name }) => name),
    ...index.endpoints.filter((name) => !parts.has(name)),
  ];
  if (missing.length > 0) return { complete: false, missing };
  const named = [...index.parts.map(({ name }) => name), ...index.endpoints];
  const shared = named.map((name) => (parts.get(name) as DecodedPart).resources);
  return { complete: true, resources: localized(own, mergeResources([...shared, own.resources])) };
}

const telemetryKey = 'lateen.telemetry';

/** What a resource became for one proxy. Decoded parts live on until they change, so most of a configuration is looked up here. */
const localizations = new WeakMap<DecodedOwn, WeakMap<XdsResource, XdsResource>>();

/** A scope serves many workloads of many namespaces: telemetry labels and short names come from the proxy's own node metadata. */
function localized(own: DecodedOwn, resources: ResourceSet): ResourceSet {
  const telemetry = own.node.metadata[telemetryKey] as { labels?: Record<string, string> } | undefined;
  const labels = telemetry?.labels;
  const namespace = own.node.metadata['NAMESPACE'];
  let known = localizations.get(own);
  if (known === undefined) {
    known = new WeakMap();
    localizations.set(own, known);
  }
  const cache = known;
  const once = (resource: XdsResource, localize: (resource: XdsResource) => XdsResource): XdsResource => {
    const found = cache.get(resource);
    if (found !== undefined) return found;
    const made = localize(resource);
    cache.set(resource, made);
    return made;
  };
  return {
    ...resources,
    listeners: resources.listeners.map((listener) =>
      labels === undefined ? listener : once(listener, (one) => withLabels(one, labels)),
    ),
    routes: resources.routes.map((table) =>
      typeof namespace === 'string' ? once(table, (one) => withShortNames(one, namespace)) : table,
    ),
  };
}

interface VirtualHost {
  readonly domains?: readonly string[];
}

/** Services of the proxy's own namespace answer to their short names too: `reviews` beside `reviews.default.svc.cluster.local`. */
function withShortNames(table: XdsResource, namespace: string): XdsResource {
  const hosts = (table['virtual_hosts'] ?? []) as readonly VirtualHost[];
  const middle = `.${namespace}.svc.`;
  const isOwn = (host: VirtualHost) => host.domains?.some((domain) => domain.includes(middle)) === true;
  if (!hosts.some(isOwn)) return table;
  const taken = new Set(hosts.flatMap((host) => host.domains ?? []));
  const localize = (host: VirtualHost) => {
    if (!isOwn(host)) return host;
    const short = (host.domains ?? []).flatMap((domain) => {
      const name = domain.includes(middle) ? domain.slice(0, domain.indexOf(middle)) : '';
      const isShort = name !== '' && !name.replace(/^\*\./, '').includes('.') && !taken.has(name);
      if (isShort) taken.add(name);
      return isShort ? [name] : [];
    });
    return { ...host, domains: [...(host.domains ?? []), ...short] };
  };
  return { ...table, virtual_hosts: hosts.map(localize) };
}

interface FilterMetadata {
  readonly filter_metadata?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function withLabels(listener: XdsResource, labels: Record<string, string>): XdsResource {
  const filterMetadata = (listener['metadata'] as FilterMetadata | undefined)?.filter_metadata;
  const telemetry = filterMetadata?.[telemetryKey];
  if (telemetry === undefined || telemetry['labels'] !== undefined) return listener;
  const merged = { ...filterMetadata, [telemetryKey]: { ...telemetry, labels } };
  return { ...listener, metadata: { filter_metadata: merged } };
}

/** Where the files of a configuration lie: the folder that holds `current`, e.g. `/etc/istio/proxy/xds`. */
export interface FileLayout {
  readonly folder: string;
}

/** `rds/<file>` and `eds/<file>` of a resource: Envoy's file subscriptions for both take exactly one resource a file. */
export function resourceFile(kind: 'routes' | 'endpoints', name: string): string {
  const encoded = encodeURIComponent(name);
  const file = encoded.length <= 200 ? encoded : `${encoded.slice(0, 180)}-${sha256Hex(name, 12)}`;
  return `${kind === 'routes' ? 'rds' : 'eds'}/${file}.json`;
}

/**
 * At rest a resource says `ads: {}` where it takes routes or endpoints from; on disk it names a file. Resources that refer to
 * nothing come back as they are.
 */
export function pointAtFiles(resource: XdsResource, layout: FileLayout): XdsResource {
  return rewrite(resource, layout) as XdsResource;
}

function rewrite(value: unknown, layout: FileLayout): unknown {
  if (Array.isArray(value)) {
    const mapped = value.map((item) => rewrite(item, layout));
    return mapped.some((item, i) => item !== value[i]) ? mapped : value;
  }
  if (value === null || typeof value !== 'object') return value;
  const from = value as Record<string, unknown>;
  const rds = from['rds'] as Record<string, unknown> | undefined;
  if (isAds(rds?.['config_source'])) {
    const file = resourceFile('routes', String(rds?.['route_config_name'] ?? ''));
    return { ...mapValues(from, layout), rds: { ...rds, config_source: fileSource(layout, file) } };
  }
  const eds = from['eds_cluster_config'] as Record<string, unknown> | undefined;
  if (isAds(eds?.['eds_config'])) {
    const file = resourceFile('endpoints', String(eds?.['service_name'] ?? resourceName(from)));
    return { ...from, eds_cluster_config: { ...eds, eds_config: fileSource(layout, file) } };
  }
  return mapValues(from, layout);
}

function mapValues(from: Record<string, unknown>, layout: FileLayout): Record<string, unknown> {
  let changed = false;
  const to: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(from)) {
    to[key] = rewrite(value, layout);
    if (to[key] !== value) changed = true;
  }
  return changed ? to : from;
}

function isAds(source: unknown): boolean {
  return source !== null && typeof source === 'object' && 'ads' in source;
}

function fileSource(layout: FileLayout, file: string): Record<string, unknown> {
  return {
    path_config_source: {
      path: `${layout.folder}/current/${file}`,
      watched_directory: { path: layout.folder },
    },
    resource_api_version: 'V3',
  };
}

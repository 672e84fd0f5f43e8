/**
 * What a resource's JSON refers to, read without decoding it: the RDS names of a listener, the EDS source of a cluster. Both spellings of field names count.
 */
export interface Subscriptions {
  readonly rds: readonly RdsReference[];
  readonly eds: { readonly serviceName: string; readonly source: SourceReference } | undefined;
  /** The cluster must run from the start: DNS or health checks. */
  readonly eager: boolean;
}

export interface RdsReference {
  readonly name: string;
  readonly source: SourceReference;
}

export interface SourceReference {
  readonly path: string;
  readonly watched: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;

const known = new WeakMap<object, Subscriptions>();

export function findSubscriptions(json: unknown): Subscriptions {
  const cached = known.get(json as object);
  if (cached !== undefined) return cached;
  const rds: RdsReference[] = [];
  collectRds(json, rds);
  const found: Subscriptions = { rds, eds: edsOf(json as Json), eager: isEager(json as Json) };
  known.set(json as object, found);
  return found;
}

function field(json: unknown, snake: string, camel: string): unknown {
  if (typeof json !== 'object' || json === null) return undefined;
  return (json as Json)[snake] ?? (json as Json)[camel];
}

function collectRds(json: unknown, into: RdsReference[]): void {
  if (typeof json !== 'object' || json === null) return;
  if (Array.isArray(json)) {
    for (const item of json) collectRds(item, into);
    return;
  }
  const rds = (json as Json)['rds'];
  const source = sourceOf(field(rds, 'config_source', 'configSource'));
  if (source !== undefined)
    into.push({ name: String(field(rds, 'route_config_name', 'routeConfigName') ?? ''), source });
  for (const key of [
    'filter_chains',
    'filterChains',
    'default_filter_chain',
    'defaultFilterChain',
    'filters',
    'typed_config',
    'typedConfig',
  ]) {
    if (key in (json as Json)) collectRds((json as Json)[key], into);
  }
}

function sourceOf(json: unknown): SourceReference | undefined {
  const config = field(json, 'path_config_source', 'pathConfigSource');
  const path = field(config, 'path', 'path') ?? field(json, 'path', 'path');
  if (typeof path !== 'string') return undefined;
  const watched = field(field(config, 'watched_directory', 'watchedDirectory'), 'path', 'path');
  return { path, watched: typeof watched === 'string' ? watched : undefined };
}

function edsOf(json: Json): Subscriptions['eds'] {
  const config = field(json, 'eds_cluster_config', 'edsClusterConfig');
  const source = sourceOf(field(config, 'eds_config', 'edsConfig'));
  return source === undefined
    ? undefined
    : { serviceName: String(field(config, 'service_name', 'serviceName') ?? ''), source };
}

function isEager(json: Json): boolean {
  const type = json['type'];
  const checks = field(json, 'health_checks', 'healthChecks');
  return (
    type === 'STRICT_DNS' ||
    type === 'LOGICAL_DNS' ||
    type === 1 ||
    type === 2 ||
    (Array.isArray(checks) && checks.length > 0)
  );
}

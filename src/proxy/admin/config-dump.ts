import { compileRegex } from '../../base/regex.ts';
import type { DumpEntry } from '../config/runtime-config.ts';
import type { AdminReply, AdminRequest } from './admin-server.ts';
import type { AdminTarget } from './target.ts';

type Json = Record<string, unknown>;

const ns = 'type.googleapis.com/envoy.admin.v3';

/**
 * `/config_dump` in the shape of envoy.admin.v3.ConfigDump. `resource=dynamic_listeners` gives one repeated field, `mask=…` keeps only the
 * named paths of each resource, `name_regex` only resources of that name, `include_eds` adds endpoints. Secrets are never part of it.
 */
export function configDump(request: AdminRequest, target: AdminTarget): AdminReply {
  const nameRegex = request.query.get('name_regex');
  const names = nameRegex === null ? undefined : compileRegex(nameRegex);
  if (typeof names === 'string') return reply(400, { error: `invalid name_regex: ${names}` });
  const keep = (entry: DumpEntry) => names === undefined || names.matches(entry.name);
  const sections = dumpSections(target, keep, request.query.has('include_eds'));
  const resource = request.query.get('resource');
  const mask = request.query.get('mask');
  if (resource === null) {
    return reply(200, {
      configs: mask === null ? sections : sections.map((section) => applyMask(section, mask)),
    });
  }
  const section = sections.find((candidate) => Array.isArray(candidate[resource]));
  if (section === undefined) return reply(404, { error: `${resource} not found in config dump` });
  const typed = (section[resource] as Json[]).map((entry) => ({
    '@type': `${section['@type']}.${entryType[resource] ?? ''}`,
    ...entry,
  }));
  return reply(200, { configs: mask === null ? typed : typed.map((entry) => applyMask(entry, mask)) });
}

const entryType: Record<string, string> = {
  static_listeners: 'StaticListener',
  dynamic_listeners: 'DynamicListener',
  static_clusters: 'StaticCluster',
  dynamic_active_clusters: 'DynamicCluster',
  static_route_configs: 'StaticRouteConfig',
  dynamic_route_configs: 'DynamicRouteConfig',
  static_endpoint_configs: 'StaticEndpointConfig',
  dynamic_endpoint_configs: 'DynamicEndpointConfig',
};

function reply(status: number, value: unknown): AdminReply {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value, null, 1)}\n` };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

function errorState(entry: DumpEntry): Json {
  if (entry.error === undefined) return {};
  return {
    error_state: {
      failed_configuration: entry.error.failed,
      last_update_attempt: time(entry.error.at),
      details: entry.error.details,
    },
  };
}

function dumpSections(target: AdminTarget, keep: (entry: DumpEntry) => boolean, endpoints: boolean): Json[] {
  const { current } = target.plane.config;
  const { json } = target.plane.bootstrap;
  const split = (entries: ReadonlyMap<string, DumpEntry>) => {
    const all = [...entries.values()].filter(keep);
    return { fixed: all.filter((e) => e.isStatic), dynamic: all.filter((e) => !e.isStatic) };
  };
  const clusters = split(current.clusters);
  const listeners = split(current.listeners);
  const routes = [...current.routes.values()].filter(keep);
  const sections: Json[] = [
    { '@type': `${ns}.BootstrapConfigDump`, bootstrap: json, last_updated: time(target.plane.startedAt) },
    {
      '@type': `${ns}.ClustersConfigDump`,
      version_info: clusters.dynamic[0]?.version ?? '',
      static_clusters: clusters.fixed.map((e) => ({
        cluster: e.resource,
        last_updated: time(e.lastUpdated),
      })),
      dynamic_active_clusters: clusters.dynamic.map((e) => ({
        version_info: e.version,
        cluster: e.resource,
        last_updated: time(e.lastUpdated),
        ...errorState(e),
      })),
    },
    {
      '@type': `${ns}.ListenersConfigDump`,
      version_info: listeners.dynamic[0]?.version ?? '',
      static_listeners: listeners.fixed.map((e) => ({
        listener: e.resource,
        last_updated: time(e.lastUpdated),
      })),
      dynamic_listeners: listeners.dynamic.map((e) => ({
        name: e.name,
        active_state: { version_info: e.version, listener: e.resource, last_updated: time(e.lastUpdated) },
        ...errorState(e),
      })),
    },
    {
      '@type': `${ns}.RoutesConfigDump`,
      static_route_configs: inlineRoutes([...listeners.fixed, ...listeners.dynamic]),
      dynamic_route_configs: routes.map((e) => ({
        version_info: e.version,
        route_config: e.resource,
        last_updated: time(e.lastUpdated),
        ...errorState(e),
      })),
    },
  ];
  if (endpoints) {
    const eds = [...current.endpoints.values()].filter(keep);
    sections.push({
      '@type': `${ns}.EndpointsConfigDump`,
      dynamic_endpoint_configs: eds.map((e) => ({
        version_info: e.version,
        endpoint_config: e.resource,
        last_updated: time(e.lastUpdated),
      })),
    });
  }
  return sections;
}

/** Route configurations that stand in connection managers themselves. */
function inlineRoutes(listeners: readonly DumpEntry[]): Json[] {
  const found: Json[] = [];
  const walk = (value: unknown, updated: number): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (key === 'route_config' || key === 'routeConfig')
        found.push({ route_config: child, last_updated: time(updated) });
      else walk(child, updated);
    }
  };
  for (const listener of listeners) walk(listener.resource, listener.lastUpdated);
  return found;
}

/** A protobuf FieldMask over JSON: comma-separated dotted paths; lists are entered. */
export function applyMask(value: Json, mask: string): Json {
  const result: Json = '@type' in value ? { '@type': value['@type'] } : {};
  for (const path of mask.split(',')) copyPath(value, result, path.trim().split('.'));
  return result;
}

function copyPath(from: unknown, to: Json, path: readonly string[]): void {
  const [key, ...rest] = path;
  if (key === undefined || typeof from !== 'object' || from === null) return;
  const value = (from as Json)[key];
  if (value === undefined) return;
  if (rest.length === 0) {
    to[key] = value;
  } else if (Array.isArray(value)) {
    const before = (to[key] as Json[] | undefined) ?? value.map(() => ({}));
    for (const [i, item] of value.entries()) copyPath(item, before[i] as Json, rest);
    to[key] = before;
  } else {
    const before = (to[key] as Json | undefined) ?? {};
    copyPath(value, before, rest);
    to[key] = before;
  }
}

/** Envoy's JSON while it is being built. Field names are snake_case as in the proto files; enums by name; durations `1.5s`. */
export type Json = { readonly [field: string]: unknown };

/** `@type` URLs in use; anything the translator can say is in this table. */
export const types = {
  listener: 'envoy.config.listener.v3.Listener',
  routes: 'envoy.config.route.v3.RouteConfiguration',
  cluster: 'envoy.config.cluster.v3.Cluster',
  endpoints: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
  httpConnectionManager: 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
  tcpProxy: 'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
  router: 'envoy.extensions.filters.http.router.v3.Router',
  fault: 'envoy.extensions.filters.http.fault.v3.HTTPFault',
  cors: 'envoy.extensions.filters.http.cors.v3.Cors',
  corsPolicy: 'envoy.extensions.filters.http.cors.v3.CorsPolicy',
  originalDst: 'envoy.extensions.filters.listener.original_dst.v3.OriginalDst',
  tlsInspector: 'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
  httpInspector: 'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector',
  fileAccessLog: 'envoy.extensions.access_loggers.file.v3.FileAccessLog',
  httpProtocolOptions: 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
  upstreamTls: 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
  previousHosts: 'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
  previousPriorities: 'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
} as const;

/** A message with its `@type`. */
export function typed(type: keyof typeof types, fields: Json = {}): Json {
  return { '@type': `type.googleapis.com/${types[type]}`, ...fields };
}

/** `{name, typed_config}`, the way Envoy names extensions. */
export function extension(name: string, type: keyof typeof types, fields: Json = {}): Json {
  return { name, typed_config: typed(type, fields) };
}

export function socketAddress(address: string, port: number): Json {
  return { socket_address: { address, port_value: port } };
}

/** Where route tables and endpoints come from. At rest it says ADS; the agent writes file paths in its place. */
export const adsSource: Json = { ads: {}, resource_api_version: 'V3' };

/** Drops members that are undefined, so that absent and unset are one thing in the output. */
export function compact(fields: Record<string, unknown>): Json {
  const kept: Record<string, unknown> = {};
  for (const key in fields) if (fields[key] !== undefined) kept[key] = fields[key];
  return kept;
}

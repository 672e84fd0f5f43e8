/** Former names of Envoy filters (before Envoy 1.14), by their last part, and the group the filter is in today. */
const former: Readonly<Record<string, readonly [group: string, name?: string]>> = {
  'envoy.buffer': ['http'],
  'envoy.cors': ['http'],
  'envoy.csrf': ['http'],
  'envoy.http_dynamo_filter': ['http', 'dynamo'],
  'envoy.ext_authz': ['http'],
  'envoy.fault': ['http'],
  'envoy.grpc_http1_bridge': ['http'],
  'envoy.grpc_json_transcoder': ['http'],
  'envoy.grpc_web': ['http'],
  'envoy.gzip': ['http'],
  'envoy.health_check': ['http'],
  'envoy.ip_tagging': ['http'],
  'envoy.lua': ['http'],
  'envoy.rate_limit': ['http', 'ratelimit'],
  'envoy.router': ['http'],
  'envoy.squash': ['http'],
  'envoy.listener.http_inspector': ['listener'],
  'envoy.listener.original_dst': ['listener'],
  'envoy.listener.original_src': ['listener'],
  'envoy.listener.proxy_protocol': ['listener'],
  'envoy.listener.tls_inspector': ['listener'],
  'envoy.client_ssl_auth': ['network'],
  'envoy.http_connection_manager': ['network'],
  'envoy.mongo_proxy': ['network'],
  'envoy.ratelimit': ['network'],
  'envoy.redis_proxy': ['network'],
  'envoy.tcp_proxy': ['network'],
};

/** The current name of a filter that has been renamed, or undefined. */
export function deprecatedFilterName(name: string): string | undefined {
  if (!Object.hasOwn(former, name)) return undefined;
  const [group, renamed] = former[name] as readonly [string, string?];
  return `envoy.filters.${group}.${renamed ?? name.slice(name.lastIndexOf('.') + 1)}`;
}

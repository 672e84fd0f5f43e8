import * as accessLog from './messages/access-log.ts';
import * as bootstrap from './messages/bootstrap.ts';
import * as cluster from './messages/cluster.ts';
import * as compression from './messages/compression.ts';
import { DiscoveryResponse } from './messages/discovery.ts';
import { ClusterLoadAssignment } from './messages/endpoint.ts';
import { HttpConnectionManager } from './messages/http-connection-manager.ts';
import * as httpExtension from './messages/http-extensions.ts';
import * as httpFilter from './messages/http-filters.ts';
import * as jwt from './messages/jwt-authn.ts';
import * as listener from './messages/listener.ts';
import * as balancing from './messages/load-balancing.ts';
import * as network from './messages/network-filters.ts';
import * as route from './messages/route.ts';
import * as routeMatch from './messages/route-match.ts';
import * as tls from './messages/tls.ts';
import * as trace from './messages/trace.ts';
import type { Message } from './schema.ts';

/**
 * Which messages may stand in an Any, by extension point. The one list: what is not here is refused by name, and docs/envoy-coverage.md
 * is written from it.
 */
export const typedConfigs: Readonly<Record<string, readonly Message<unknown>[]>> = {
  resource: [
    listener.Listener,
    route.RouteConfiguration,
    route.VirtualHost,
    cluster.Cluster,
    ClusterLoadAssignment,
    tls.Secret,
    bootstrap.Bootstrap,
    DiscoveryResponse,
  ],
  listener_filter: [
    listener.OriginalDst,
    listener.TlsInspector,
    listener.HttpInspector,
    listener.ProxyProtocolListener,
  ],
  network_filter: [
    HttpConnectionManager,
    network.TcpProxy,
    network.NetworkRbac,
    network.NetworkLocalRateLimit,
    network.SniCluster,
    network.NetworkExtAuthz,
  ],
  http_filter: [
    httpFilter.Router,
    httpFilter.HttpFault,
    httpFilter.Cors,
    httpFilter.HttpRbac,
    jwt.JwtAuthentication,
    httpFilter.ExtAuthz,
    httpFilter.LocalRateLimit,
    httpFilter.HttpRateLimit,
    httpFilter.HeaderMutationFilter,
    httpFilter.Buffer,
    compression.Compressor,
    compression.Decompressor,
    httpFilter.GrpcWeb,
    httpFilter.GrpcStats,
    httpFilter.GrpcHttp1Bridge,
    httpFilter.HealthCheckFilter,
    httpFilter.StatefulSession,
    httpFilter.SetFilterState,
    httpFilter.CsrfPolicy,
  ],
  route_filter: [
    route.FilterConfig,
    route.CorsPolicy,
    httpFilter.HttpFault,
    httpFilter.RbacPerRoute,
    jwt.JwtPerRoute,
    httpFilter.ExtAuthzPerRoute,
    httpFilter.LocalRateLimit,
    httpFilter.RateLimitPerRoute,
    httpFilter.HeaderMutationPerRoute,
    httpFilter.BufferPerRoute,
    compression.CompressorPerRoute,
    httpFilter.StatefulSessionPerRoute,
    httpFilter.SetFilterState,
    httpFilter.CsrfPolicy,
  ],
  transport_socket: [
    tls.UpstreamTlsContext,
    tls.DownstreamTlsContext,
    tls.RawBuffer,
    tls.ProxyProtocolUpstreamTransport,
  ],
  certificate_validator: [tls.SpiffeCertValidatorConfig],
  access_logger: [accessLog.FileAccessLog, accessLog.StdoutAccessLog, accessLog.StderrAccessLog],
  formatter: [httpExtension.MetadataFormatter, httpExtension.ReqWithoutQueryFormatter],
  tracer: [trace.ZipkinConfig, trace.OpenTelemetryConfig],
  resource_detector: [trace.EnvironmentResourceDetectorConfig, trace.StaticConfigResourceDetectorConfig],
  sampler: [trace.AlwaysOnSamplerConfig],
  upstream_options: [httpExtension.HttpProtocolOptions],
  load_balancing_policy: [
    balancing.RoundRobinPolicy,
    balancing.LeastRequestPolicy,
    balancing.RandomPolicy,
    balancing.RingHashPolicy,
    balancing.MaglevPolicy,
    balancing.ClusterProvidedPolicy,
    balancing.WrrLocalityPolicy,
    balancing.SubsetPolicy,
  ],
  dns_resolver: [
    balancing.CaresDnsResolverConfig,
    balancing.GetAddrInfoDnsResolverConfig,
    balancing.AppleDnsResolverConfig,
  ],
  retry_host_predicate: [
    balancing.PreviousHostsPredicate,
    balancing.OmitCanaryHostsPredicate,
    balancing.OmitHostMetadataConfig,
  ],
  retry_priority: [balancing.PreviousPrioritiesConfig],
  internal_redirect_predicate: [
    httpExtension.AllowListedRoutesConfig,
    httpExtension.PreviousRoutesConfig,
    httpExtension.SafeCrossSchemeConfig,
  ],
  path_match: [routeMatch.UriTemplateMatchConfig],
  path_rewrite: [routeMatch.UriTemplateRewriteConfig],
  header_formatter: [httpExtension.PreserveCaseFormatterConfig],
  early_data_policy: [httpExtension.DefaultEarlyDataPolicy],
  early_header_mutation: [httpExtension.EarlyHeaderMutation],
  original_ip_detection: [httpExtension.XffConfig, httpExtension.CustomHeaderConfig],
  request_id: [httpExtension.UuidRequestIdConfig],
  compressor: [compression.GzipCompressor, compression.BrotliCompressor, compression.ZstdCompressor],
  decompressor: [compression.GzipDecompressor, compression.BrotliDecompressor, compression.ZstdDecompressor],
  session_state: [httpFilter.CookieSessionState],
  resource_monitor: [bootstrap.DownstreamConnectionsConfig, bootstrap.FixedHeapConfig],
};

const byType = new Map(
  Object.entries(typedConfigs).map(([category, messages]) => [
    category,
    new Map(messages.map((m) => [m.typeName, m])),
  ]),
);

/** The message of that type name at an extension point, or undefined when it is not supported there. */
export function lookUpTypedConfig(category: string, typeName: string): Message<unknown> | undefined {
  return byType.get(category)?.get(typeName);
}

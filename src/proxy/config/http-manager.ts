import { networkInterfaces } from 'node:os';
import { Cidr, parseIp } from '../../base/cidr.ts';
import type { Issue } from '../../base/issue.ts';
import { ConfigFault, within } from '../../match/config-fault.ts';
import { unpack } from '../../xds/message.ts';
import type { HttpConnectionManager, HttpFilter } from '../../xds/messages/http-connection-manager.ts';
import { Router } from '../../xds/messages/http-filters.ts';
import { httpFilterKinds } from '../filters/index.ts';
import { createConnectionManager } from '../http/connection-manager.ts';
import type { FilterEnvironment, HttpFilterFactory } from '../http/filter.ts';
import type { ManagerConfig } from '../http/manager-config.ts';
import { Http2ServerCodec } from '../http2/server-codec.ts';
import type { TerminalFilterFactory } from '../network/network-filter.ts';
import type { RouteTable } from '../router/route.ts';
import type { RequestTelemetry } from '../stats/telemetry.ts';
import { compileAccessLogs } from './access-log.ts';
import type { CompileContext } from './compile-context.ts';
import { http2Options } from './http2.ts';
import { compileLocalReply } from './local-reply.ts';
import { compileRoutes } from './route.ts';

/** What a connection manager needs of its listener. */
export interface ManagerPlace {
  readonly bufferLimitBytes: number;
  readonly telemetry: RequestTelemetry | undefined;
}

/** Compiles an HttpConnectionManager; throws ConfigFault. */
export function compileHttpManager(
  message: HttpConnectionManager,
  place: ManagerPlace,
  ctx: CompileContext,
): TerminalFilterFactory {
  return createConnectionManager(managerConfig(message, place, ctx));
}

function managerConfig(
  message: HttpConnectionManager,
  place: ManagerPlace,
  ctx: CompileContext,
): ManagerConfig {
  refuseUnsupported(message);
  const env = ctx.filterEnvironment(message.stat_prefix);
  const chain = compileFilters(message.http_filters, env, 'http_filters');
  const common = message.common_http_protocol_options;
  const limits = {
    maxHeadBytes: message.max_request_headers_kb * 1024,
    maxFields: common?.max_headers_count ?? 100,
    bufferBytes: place.bufferLimitBytes,
  };
  const http2 = http2Options(message.http2_protocol_options, limits);
  const certificate = message.set_current_client_cert_details;
  return {
    statPrefix: message.stat_prefix,
    stats: ctx.httpStats(message.stat_prefix),
    codec: message.codec_type === 'HTTP1' ? 'http1' : message.codec_type === 'HTTP2' ? 'http2' : 'auto',
    http1: {
      maxHeadBytes: limits.maxHeadBytes,
      maxFields: limits.maxFields,
      acceptHttp10: message.http_protocol_options?.accept_http_10 ?? false,
      defaultHostForHttp10: message.http_protocol_options?.default_host_for_http_10 ?? '',
      allowCustomMethods: message.http_protocol_options?.allow_custom_methods ?? false,
      enableTrailers: message.http_protocol_options?.enable_trailers ?? false,
    },
    createHttp2: (io, events) => new Http2ServerCodec(io, events, http2),
    filters: chain.filters,
    upgrades: new Map(
      message.upgrade_configs.map((upgrade, i) => [
        upgrade.upgrade_type.toLowerCase(),
        {
          enabled: upgrade.enabled,
          filters:
            upgrade.filters.length === 0
              ? chain.filters
              : compileFilters(upgrade.filters, env, `upgrade_configs[${i}].filters`).filters,
        },
      ]),
    ),
    routes: compileRouteSource(message, ctx, env),
    clusters: ctx.clusters,
    random: ctx.random,
    runtime: ctx.runtime,
    ...headerRules(message, ctx),
    clientCertDetails: {
      subject: certificate?.subject ?? false,
      cert: certificate?.cert ?? false,
      chain: certificate?.chain ?? false,
      dns: certificate?.dns ?? false,
      uri: certificate?.uri ?? false,
    },
    ...timeouts(message),
    bufferLimitBytes: place.bufferLimitBytes,
    suppressEnvoyHeaders: chain.router.suppress_envoy_headers,
    respectExpectedTimeout: chain.router.respect_expected_rq_timeout,
    accessLogs: compileAccessLogs(message.access_log, ctx),
    telemetry: place.telemetry,
    localReply: compileLocalReply(message.local_reply_config, ctx),
    tracing: undefined,
    log: ctx.log.scope('http'),
  };
}

function refuseUnsupported(message: HttpConnectionManager): void {
  if (message.tracing?.provider !== undefined)
    throw new ConfigFault('tracing', 'tracing is not supported yet: remove the provider');
  if (message.original_ip_detection_extensions.length > 0) {
    throw new ConfigFault(
      'original_ip_detection_extensions',
      'IP detection extensions are not supported: use xff_num_trusted_hops',
    );
  }
  if (message.early_header_mutation_extensions.length > 0) {
    throw new ConfigFault(
      'early_header_mutation_extensions',
      'early header mutation is not supported: use the header_mutation filter',
    );
  }
  if (message.http_protocol_options?.header_key_format !== undefined) {
    throw new ConfigFault(
      'http_protocol_options.header_key_format',
      'header names are always written in lower case',
    );
  }
}

interface Chain {
  readonly filters: readonly HttpFilterFactory[];
  readonly router: Router;
}

function compileFilters(messages: readonly HttpFilter[], env: FilterEnvironment, path: string): Chain {
  const filters: HttpFilterFactory[] = [];
  let router: Router | undefined;
  messages.forEach((message, i) => {
    const config = message.typed_config;
    if (config === undefined) return;
    if (router !== undefined) throw new ConfigFault(`${path}[${i}]`, 'the router must be the last filter');
    router = unpack(config, Router);
    if (router !== undefined) return;
    const kind = httpFilterKinds.get(config.type);
    if (kind === undefined)
      throw new ConfigFault(`${path}[${i}].typed_config`, `${config.type} is not supported`);
    const factory = within(`${path}[${i}].typed_config`, () => kind.compile(message.name, config.value, env));
    filters.push(
      message.disabled
        ? { name: message.name, disabledByDefault: true, create: (x) => factory.create(x) }
        : factory,
    );
  });
  if (router === undefined)
    throw new ConfigFault(path, 'the last filter must be the router (envoy.filters.http.router)');
  return { filters, router };
}

/** Static routes, or a look-up of the RDS table at each request. */
function compileRouteSource(
  message: HttpConnectionManager,
  ctx: CompileContext,
  env: FilterEnvironment,
): () => RouteTable | undefined {
  if (message.rds !== undefined) {
    const name = message.rds.route_config_name;
    return () => ctx.routes(name);
  }
  const { table, issues } = compileRoutes(
    message.route_config as NonNullable<typeof message.route_config>,
    ctx,
    env,
  );
  throwFirst(issues, 'route_config');
  return () => table;
}

/** Throws the first of several issues as a fault. */
export function throwFirst(issues: readonly Issue[], path: string): void {
  const [first] = issues;
  if (first === undefined) return;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  throw new ConfigFault(first.path === '' ? path : `${path}.${first.path}`, first.message + more);
}

const escapedSlashes = {
  IMPLEMENTATION_SPECIFIC_DEFAULT: 'keep',
  KEEP_UNCHANGED: 'keep',
  REJECT_REQUEST: 'reject',
  UNESCAPE_AND_REDIRECT: 'redirect',
  UNESCAPE_AND_FORWARD: 'unescape',
} as const;
const serverHeaders = {
  OVERWRITE: 'overwrite',
  APPEND_IF_ABSENT: 'append-if-absent',
  PASS_THROUGH: 'pass-through',
} as const;
const certModes = {
  SANITIZE: 'sanitize',
  FORWARD_ONLY: 'forward-only',
  APPEND_FORWARD: 'append-forward',
  SANITIZE_SET: 'sanitize-set',
  ALWAYS_FORWARD_ONLY: 'always-forward-only',
} as const;
const underscores = { ALLOW: 'allow', REJECT_REQUEST: 'reject', DROP_HEADER: 'drop' } as const;

function headerRules(message: HttpConnectionManager, ctx: CompileContext) {
  return {
    serverName: message.server_name || 'envoy',
    serverHeader: serverHeaders[message.server_header_transformation],
    via: message.via,
    useRemoteAddress: message.use_remote_address,
    localIp: ownAddress(),
    xffTrustedHops: message.xff_num_trusted_hops,
    skipXffAppend: message.skip_xff_append,
    appendXForwardedPort: message.append_x_forwarded_port,
    isInternalAddress: internalAddresses(message),
    generateRequestId: message.generate_request_id,
    preserveExternalRequestId: message.preserve_external_request_id,
    requestIdInResponse: message.always_set_request_id_in_response,
    addUserAgentCluster: message.add_user_agent ? ctx.nodeCluster : '',
    addUserAgentNode: message.add_user_agent ? ctx.nodeId : '',
    forwardClientCert: certModes[message.forward_client_cert_details],
    proxy100Continue: message.proxy_100_continue,
    normalizePath: message.normalize_path ?? false,
    mergeSlashes: message.merge_slashes,
    escapedSlashes: escapedSlashes[message.path_with_escaped_slashes_action],
    stripHostPort: message.strip_any_host_port
      ? ('any' as const)
      : message.strip_matching_host_port
        ? ('matching' as const)
        : ('none' as const),
    stripTrailingHostDot: message.strip_trailing_host_dot,
    underscores:
      underscores[message.common_http_protocol_options?.headers_with_underscores_action ?? 'ALLOW'],
    schemeOverwrite: message.scheme_header_transformation?.scheme_to_overwrite ?? '',
  };
}

/** No address is internal unless the configuration says so (Envoy since 1.33). */
function internalAddresses(message: HttpConnectionManager): (ip: string) => boolean {
  const config = message.internal_address_config;
  if (config === undefined) return () => false;
  const cidrs = config.cidr_ranges.map(({ address_prefix: address, prefix_len: bits }) => {
    const cidr = Cidr.of(address, bits);
    if (cidr === undefined)
      throw new ConfigFault('internal_address_config', `malformed IP range ${address}/${bits}`);
    return cidr;
  });
  return (ip) => {
    const number = parseIp(ip);
    return number !== undefined && cidrs.some((cidr) => cidr.contains(number));
  };
}

/** The first address of this machine that others can reach; stands for a loopback client in x-forwarded-for. */
function ownAddress(): string {
  for (const list of Object.values(networkInterfaces())) {
    for (const { address, family, internal } of list ?? [])
      if (!internal && family === 'IPv4') return address;
  }
  return '127.0.0.1';
}

function timeouts(message: HttpConnectionManager) {
  const common = message.common_http_protocol_options;
  return {
    requestTimeoutMs: message.request_timeout,
    requestHeadersTimeoutMs: message.request_headers_timeout,
    streamIdleTimeoutMs: message.stream_idle_timeout,
    idleTimeoutMs: common?.idle_timeout ?? 3_600_000,
    maxConnectionDurationMs: common?.max_connection_duration ?? 0,
    maxStreamDurationMs: common?.max_stream_duration ?? 0,
    drainTimeoutMs: message.drain_timeout,
    delayedCloseTimeoutMs: message.delayed_close_timeout,
    maxRequestsPerConnection: common?.max_requests_per_connection ?? 0,
  };
}

import { ConfigFault, within } from '../../match/config-fault.ts';
import { compileFilterChains } from '../../match/filter-chain.ts';
import { unpack } from '../../xds/message.ts';
import { HttpConnectionManager } from '../../xds/messages/http-connection-manager.ts';
import type { FilterChain, Listener, ListenerFilter } from '../../xds/messages/listener.ts';
import {
  HttpInspector,
  OriginalDst,
  ProxyProtocolListener,
  TlsInspector,
} from '../../xds/messages/listener.ts';
import { TcpProxy } from '../../xds/messages/network-filters.ts';
import { httpInspectorFilter } from '../listener/http-inspector.ts';
import type { FilterChainConfig, ListenerConfig } from '../listener/listener-config.ts';
import type { ListenerFilterFactory } from '../listener/listener-filter.ts';
import { originalDstFilter } from '../listener/original-dst.ts';
import { createProxyProtocolFilter } from '../listener/proxy-protocol.ts';
import { createTlsInspector } from '../listener/tls-inspector.ts';
import type { Address } from '../network/address.ts';
import type { NetworkFilterFactory, TerminalFilterFactory } from '../network/network-filter.ts';
import type { RequestTelemetry } from '../stats/telemetry.ts';
import { compileAccessLogs } from './access-log.ts';
import { compileAddress } from './address.ts';
import type { CompileContext } from './compile-context.ts';
import { compileHttpManager, throwFirst } from './http-manager.ts';
import { unlessMatching } from './listener-predicate.ts';
import { compileNetworkFilter } from './network-filter.ts';
import { compileTcpProxy } from './tcp-proxy.ts';
import { compileTelemetry } from './telemetry.ts';
import { compileServerTransport } from './transport-socket.ts';

/** Compiles a Listener; throws ConfigFault. `resource` is what config_dump shows, `hash` tells versions apart. */
export function compileListener(
  message: Listener,
  resource: unknown,
  hash: string,
  ctx: CompileContext,
): ListenerConfig {
  const addresses = [
    within('address', () => compileAddress(message.address as NonNullable<Listener['address']>, '')),
    ...message.additional_addresses.map((extra, i) =>
      compileAddress(
        extra.address as NonNullable<typeof extra.address>,
        `additional_addresses[${i}].address`,
      ),
    ),
  ];
  if (message.transparent === true)
    throw new ConfigFault('transparent', 'transparent sockets (TPROXY) are not supported: use REDIRECT');
  const telemetry = compileTelemetry(message, ctx);
  const compileChain = (chain: FilterChain, path: string) =>
    within(path, () => compileFilterChain(chain, message, telemetry, ctx));
  const chains = message.filter_chains.map((chain, i) => compileChain(chain, `filter_chains[${i}]`));
  const fallback = message.default_filter_chain;
  const defaultChain = fallback === undefined ? undefined : compileChain(fallback, 'default_filter_chain');
  const { table, issues } = compileFilterChains(message.filter_chains, chains, defaultChain);
  throwFirst(issues, '');
  const keepalive = message.tcp_keepalive;
  return {
    name: message.name || (addresses[0] as Address).text,
    statName: listenerStatName(message),
    addresses,
    bindToPort: message.bind_to_port && message.deprecated_v1?.bind_to_port !== false,
    reusePort: message.enable_reuse_port,
    backlog: message.tcp_backlog_size ?? 4096,
    useOriginalDst: message.use_original_dst,
    filters: compileListenerFilters(message),
    filtersTimeoutMs: message.listener_filters_timeout,
    continueOnFiltersTimeout: message.continue_on_listener_filters_timeout,
    chains: table as NonNullable<typeof table>,
    allChains: defaultChain === undefined ? chains : [...chains, defaultChain],
    bufferLimitBytes: message.per_connection_buffer_limit_bytes,
    maxConnections: connectionLimit(message.name, ctx),
    drainType: message.drain_type === 'MODIFY_ONLY' ? 'modify-only' : 'default',
    direction:
      message.traffic_direction === 'INBOUND'
        ? 'inbound'
        : message.traffic_direction === 'OUTBOUND'
          ? 'outbound'
          : 'unspecified',
    accessLogs: compileAccessLogs(message.access_log, ctx),
    keepalive: keepalive === undefined ? undefined : { timeSeconds: keepalive.keepalive_time ?? 7200 },
    resource,
    hash,
  };
}

/** `use_original_dst` brings the original_dst filter with it, last (Envoy: ListenerImpl::buildOriginalDstListenerFilter). */
function compileListenerFilters(message: Listener): ListenerFilterFactory[] {
  const filters = message.listener_filters.map((filter, i) =>
    within(`listener_filters[${i}]`, () =>
      unlessMatching(filter.filter_disabled, compileListenerFilter(filter)),
    ),
  );
  return message.use_original_dst ? [...filters, originalDstFilter] : filters;
}

/** Name of the listener's statistics: its prefix, or its address with `_` for colons. */
function listenerStatName(message: Listener): string {
  if (message.stat_prefix !== '') return message.stat_prefix;
  return compileAddress(message.address as NonNullable<Listener['address']>, 'address').text.replaceAll(
    ':',
    '_',
  );
}

/** The runtime key Envoy reads for connection limits of one listener. */
function connectionLimit(name: string, ctx: CompileContext): number {
  const limit = ctx.runtime(`envoy.resource_limits.listener.${name}.connection_limit`);
  return typeof limit === 'number' ? limit : 0;
}

function compileListenerFilter(message: ListenerFilter): ListenerFilterFactory {
  const config = message.typed_config;
  if (unpack(config, OriginalDst) !== undefined) return originalDstFilter;
  if (unpack(config, HttpInspector) !== undefined) return httpInspectorFilter;
  const tls = unpack(config, TlsInspector);
  if (tls !== undefined) {
    return createTlsInspector({
      maxHelloBytes: tls.max_client_hello_size,
      closeOnError: tls.close_connection_on_client_hello_parsing_errors,
    });
  }
  const proxy = unpack(config, ProxyProtocolListener);
  if (proxy === undefined) throw new ConfigFault('typed_config', `${config.type} is not supported`);
  const keep = proxy.pass_through_tlvs;
  return createProxyProtocolFilter({
    allowWithout: proxy.allow_requests_without_proxy_protocol,
    disallowed: proxy.disallowed_versions.map((version) => (version === 'V2' ? 'v2' : 'v1')),
    keepTlvs: keep === undefined ? [] : keep.match_type === 'INCLUDE_ALL' ? undefined : keep.tlv_type,
    rules: proxy.rules.map((rule) => ({
      type: rule.tlv_type,
      namespace: rule.on_tlv_present?.metadata_namespace ?? '',
      key: rule.on_tlv_present?.key ?? '',
    })),
  });
}

function compileFilterChain(
  chain: FilterChain,
  listener: Listener,
  telemetry: RequestTelemetry | undefined,
  ctx: CompileContext,
): FilterChainConfig {
  if (chain.use_proxy_proto === true)
    throw new ConfigFault('use_proxy_proto', 'use the proxy_protocol listener filter');
  const filters: NetworkFilterFactory[] = [];
  let terminal: TerminalFilterFactory | undefined;
  chain.filters.forEach((filter, i) => {
    if (terminal !== undefined)
      throw new ConfigFault(`filters[${i}]`, 'stands behind a filter that ends the chain');
    within(`filters[${i}].typed_config`, () => {
      const config = filter.typed_config;
      const manager = unpack(config, HttpConnectionManager);
      const tcp = unpack(config, TcpProxy);
      const place = { bufferLimitBytes: listener.per_connection_buffer_limit_bytes, telemetry };
      if (manager !== undefined) terminal = compileHttpManager(manager, place, ctx);
      else if (tcp !== undefined) terminal = compileTcpProxy(tcp, telemetry, ctx);
      else filters.push(compileNetworkFilter(filter, ctx));
    });
  });
  if (terminal === undefined) {
    throw new ConfigFault('filters', 'a filter chain must end with http_connection_manager or tcp_proxy');
  }
  const log = ctx.log.scope('connection');
  return {
    name: chain.name,
    transport: within('transport_socket', () =>
      compileServerTransport(
        chain.transport_socket,
        ctx,
        ctx.stats.scope('listener', listenerStatName(listener)),
      ),
    ),
    handshakeTimeoutMs: chain.transport_socket_connect_timeout ?? 15_000,
    filters,
    terminal,
    bufferLimitBytes: listener.per_connection_buffer_limit_bytes,
    onFault: (thrown) =>
      log.error('a connection was closed because of a fault in the proxy', {
        listener: listener.name,
        error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
      }),
  };
}

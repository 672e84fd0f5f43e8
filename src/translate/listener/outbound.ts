import { ports } from '../../base/ports.ts';
import type { Service, ServicePort, View } from '../../mesh/index.ts';
import { isHttp } from '../../mesh/index.ts';
import {
  blackHoleCluster,
  outboundCluster,
  passthroughCluster,
  virtualOutboundListener,
} from '../../xds/names.ts';
import { l4Targets } from '../route/l4.ts';
import { listenerTelemetry } from '../telemetry.ts';
import type { Json } from '../typed.ts';
import { compact, socketAddress, typed } from '../typed.ts';
import { connectionManager } from './connection-manager.ts';
import { httpInspector, plaintextHttpProtocols, tlsInspector } from './inspectors.ts';
import { tcpProxy } from './tcp-proxy.ts';

/** What is collected for one address and port before a listener is made of it. */
interface Entry {
  readonly address: string;
  readonly port: number;
  /** Route table of its HTTP chain. */
  routes: string | undefined;
  /** TCP chains with a match. */
  readonly chains: { readonly match: Json; readonly filters: readonly Json[] }[];
  /** TCP chain for whatever no other chain takes. */
  fallback: readonly Json[] | undefined;
}

export const wildcardAddress = '0.0.0.0';

/** Addresses of headless pods; their TCP listeners match on them. */
export type HeadlessAddresses = (service: Service) => readonly string[];

/** All outbound listeners of a sidecar: one for capture, one per HTTP port, one per TCP service address. */
export function outboundListeners(view: View, addresses: HeadlessAddresses): Json[] {
  const entries = new Map<string, Entry>();
  const services = [...view.services.values()].sort(
    (a, b) => a.createdAt - b.createdAt || (a.hostname < b.hostname ? -1 : 1),
  );
  for (const service of services) {
    for (const port of service.ports) addPort(entries, view, service, port, addresses);
  }
  const listeners = [...entries.values()].map((entry) => buildListener(view, entry));
  listeners.sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
  return [virtualOutbound(view), ...listeners];
}

/** Name of the route table a service port's HTTP traffic goes through; shared per port unless its protocol is detected. */
export function routeTableName(service: Service, port: ServicePort): string {
  return port.protocol === 'auto' && service.addresses.length > 0
    ? `${service.hostname}:${port.number}`
    : String(port.number);
}

function addPort(
  entries: Map<string, Entry>,
  view: View,
  service: Service,
  port: ServicePort,
  addresses: HeadlessAddresses,
): void {
  if (
    port.protocol === 'udp' ||
    port.number === ports.outboundCapture ||
    port.number === ports.inboundCapture
  )
    return;
  if (isHttp(port.protocol)) {
    entryAt(entries, wildcardAddress, port.number).routes = String(port.number);
    return;
  }
  const targets = l4Targets(view, service, port);
  for (const address of plainAddresses(service)) {
    const entry = entryAt(entries, address, port.number);
    if (port.protocol === 'auto') entry.routes ??= routeTableName(service, port);
    if (
      address === wildcardAddress &&
      service.resolution === 'passthrough' &&
      service.registry === 'Kubernetes'
    ) {
      const prefix_ranges = addresses(service).map((ip) => ({
        address_prefix: ip,
        prefix_len: ip.includes(':') ? 128 : 32,
      }));
      const filters = [tcpProxy(view.mesh.config, outboundCluster(service.hostname, port.number))];
      if (prefix_ranges.length > 0) entry.chains.push({ match: { prefix_ranges }, filters });
      continue;
    }
    addTargets(entry, view, service, targets);
  }
}

function addTargets(entry: Entry, view: View, service: Service, targets: ReturnType<typeof l4Targets>): void {
  const cidrs = service.addresses.filter((address) => address.includes('/'));
  for (const target of targets) {
    const filters = [tcpProxy(view.mesh.config, target.clusters)];
    const subnets = [...(target.subnets ?? []), ...(entry.address === wildcardAddress ? cidrs : [])];
    const match = compact({
      server_names: target.sniHosts,
      transport_protocol: target.sniHosts === undefined ? undefined : 'tls',
      prefix_ranges: subnets.length === 0 ? undefined : subnets.map(prefixRange),
    });
    if (Object.keys(match).length === 0) entry.fallback ??= filters;
    else if (!entry.chains.some((chain) => JSON.stringify(chain.match) === JSON.stringify(match))) {
      entry.chains.push({ match, filters });
    }
  }
}

function prefixRange(cidr: string): Json {
  const [address, length] = cidr.split('/');
  return { address_prefix: address, prefix_len: Number(length ?? (cidr.includes(':') ? 128 : 32)) };
}

/** A service without an address of its own, or with CIDRs, is served on the wildcard. */
function plainAddresses(service: Service): readonly string[] {
  const plain = service.addresses.filter(
    (address) => !address.includes('/') && address !== wildcardAddress && !address.includes(':'),
  );
  return plain.length === 0 ? [wildcardAddress] : plain;
}

function entryAt(entries: Map<string, Entry>, address: string, port: number): Entry {
  const key = `${address}_${port}`;
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = { address, port, routes: undefined, chains: [], fallback: undefined };
    entries.set(key, entry);
  }
  return entry;
}

function buildListener(view: View, entry: Entry): Json {
  const { config } = view.mesh;
  const name = `${entry.address}_${entry.port}`;
  const chains: Json[] = entry.chains.map(({ match, filters }) => ({ filter_chain_match: match, filters }));
  if (entry.routes !== undefined) {
    const manager = connectionManager({
      config,
      direction: 'outbound',
      statPrefix: `outbound_${name}`,
      routes: { name: entry.routes },
    });
    const match = { transport_protocol: 'raw_buffer', application_protocols: plaintextHttpProtocols };
    chains.push({ filter_chain_match: match, filters: [manager] });
  }
  const fallback =
    entry.fallback === undefined
      ? { name: 'PassthroughFilterChain', filters: [catchAll(view)] }
      : { filters: entry.fallback };
  const alone = chains.length === 0;
  return typed(
    'listener',
    compact({
      name,
      address: socketAddress(entry.address, entry.port),
      bind_to_port: false,
      traffic_direction: 'OUTBOUND',
      metadata: listenerTelemetry('source'),
      listener_filters: listenerFilters(entry),
      listener_filters_timeout: alone ? undefined : timeout(view),
      continue_on_listener_filters_timeout: alone ? undefined : true,
      filter_chains: alone ? [fallback] : chains,
      default_filter_chain: alone ? undefined : fallback,
    }),
  );
}

function timeout(view: View): string {
  return `${view.mesh.config.protocolDetectionTimeoutMs / 1000}s`;
}

function listenerFilters(entry: Entry): readonly Json[] | undefined {
  const filters: Json[] = [];
  if (entry.chains.some(({ match }) => match['server_names'] !== undefined)) filters.push(tlsInspector());
  if (entry.routes !== undefined) filters.push(httpInspector());
  return filters.length === 0 ? undefined : filters;
}

/** Where traffic to unknown places goes. */
function catchAll(view: View): Json {
  return tcpProxy(
    view.mesh.config,
    view.outboundTrafficPolicy === 'ALLOW_ANY' ? passthroughCluster : blackHoleCluster,
  );
}

/** The listener iptables sends outbound connections to; it hands them to the listener of their original destination. */
function virtualOutbound(view: View): Json {
  return typed('listener', {
    name: virtualOutboundListener,
    address: socketAddress(wildcardAddress, ports.outboundCapture),
    use_original_dst: true,
    traffic_direction: 'OUTBOUND',
    metadata: listenerTelemetry('source'),
    filter_chains: [
      {
        // Nobody may call the capture port itself: passing such a connection through would loop.
        name: 'virtualOutbound-blackhole',
        filter_chain_match: { destination_port: ports.outboundCapture },
        filters: [tcpProxy(view.mesh.config, blackHoleCluster)],
      },
      { name: 'virtualOutbound-catchall-tcp', filters: [catchAll(view)] },
    ],
  });
}

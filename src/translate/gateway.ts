import type { GatewayServer, GatewayView, ObjectRef, VirtualService } from '../mesh/index.ts';
import { fullHost, hostWithin, isExported } from '../mesh/index.ts';
import { targetPort } from './inbound.ts';
import { connectionManager } from './listener/connection-manager.ts';
import { tlsInspector } from './listener/inspectors.ts';
import { wildcardAddress } from './listener/outbound.ts';
import { tcpProxy } from './listener/tcp-proxy.ts';
import { matching } from './route/l4.ts';
import { isCatchAll } from './route/match.ts';
import { virtualHost } from './route/outbound.ts';
import { virtualServiceRoutes } from './route/virtual-service.ts';
import { listenerTelemetry } from './telemetry.ts';
import type { Json } from './typed.ts';
import { compact, socketAddress, typed } from './typed.ts';

/** A server of a Gateway together with the Gateway it stands in. */
interface BoundServer {
  readonly ref: ObjectRef;
  readonly server: GatewayServer;
  /** Port users see, which VirtualServices match on. */
  readonly port: number;
}

export interface GatewayResources {
  readonly listeners: readonly Json[];
  readonly routes: readonly Json[];
}

/** Listeners and route tables of a gateway workload. Servers of all its Gateways that share a port are merged. */
export function translateGateway(view: GatewayView): GatewayResources {
  const byPort = new Map<number, BoundServer[]>();
  for (const { ref, spec } of view.gateways) {
    for (const server of spec.servers ?? []) {
      const port = server.port?.number;
      if (port === undefined) continue;
      for (const listen of listenPorts(view, port))
        byPort.set(listen, [...(byPort.get(listen) ?? []), { ref, server, port }]);
    }
  }
  const listeners: Json[] = [];
  const routes: Json[] = [];
  for (const [listen, servers] of [...byPort].sort(([a], [b]) => a - b)) {
    const http = servers.filter(({ server }) => isPlainHttp(server));
    if (http.length > 0) {
      const name = `http.${listen}`;
      listeners.push(httpListener(view, listen, name));
      routes.push(routeTable(view, name, http));
      continue;
    }
    const listener = l4Listener(view, listen, servers);
    if (listener !== undefined) listeners.push(listener);
  }
  return { listeners, routes };
}

/** The ports the workload listens on for a server's port: what its Services forward that port to, else the port itself. */
function listenPorts(view: GatewayView, port: number): readonly number[] {
  const targets = view.ownServices.flatMap((service) =>
    service.ports
      .filter((entry) => entry.number === port)
      .map((entry) => targetPort(entry, view.proxy) ?? entry.number),
  );
  return targets.length === 0 ? [port] : [...new Set(targets)].sort((a, b) => a - b);
}

function protocolOf(server: GatewayServer): string {
  return (server.port?.protocol ?? '').toUpperCase();
}

function isPlainHttp(server: GatewayServer): boolean {
  return ['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB', 'HTTP_PROXY'].includes(protocolOf(server));
}

function httpListener(view: GatewayView, listen: number, routeName: string): Json {
  const name = `${wildcardAddress}_${listen}`;
  const manager = connectionManager({
    config: view.mesh.config,
    direction: 'gateway',
    statPrefix: `outbound_${name}`,
    routes: { name: routeName },
  });
  return typed('listener', {
    name,
    address: socketAddress(wildcardAddress, listen),
    traffic_direction: 'OUTBOUND',
    metadata: listenerTelemetry('source'),
    filter_chains: [{ filters: [manager] }],
  });
}

interface GatewayHost {
  readonly rules: { routes: Json[] }[];
  redirect: boolean;
}

function routeTable(view: GatewayView, name: string, servers: readonly BoundServer[]): Json {
  const hosts = new Map<string, GatewayHost>();
  const port = servers[0]?.port ?? 0;
  for (const bound of servers) addServerHosts(view, bound, hosts);
  const sorted = [...hosts].sort(([a], [b]) => (a < b ? -1 : 1));
  const virtualHosts = sorted.map(([host, entry]) => {
    const routes = catchAllsLast(entry.rules.flatMap((rule) => rule.routes));
    return compact({
      ...virtualHost(`${host}:${port}`, [host], routes),
      require_tls: entry.redirect ? 'ALL' : undefined,
    });
  });
  // Without a rule nothing is served, but the port answers: 404 instead of a closed connection.
  const none = virtualHost(`blackhole:${port}`, ['*'], []);
  return typed('routes', {
    name,
    virtual_hosts: virtualHosts.length === 0 ? [none] : virtualHosts,
    validate_clusters: false,
    max_direct_response_body_size_bytes: 1024 * 1024,
    ignore_port_in_host_matching: true,
  });
}

/** Routes of several VirtualServices for one host follow each other by age, those that take everything at the end. */
function catchAllsLast(routes: readonly Json[]): Json[] {
  const catchAll = (route: Json) => isCatchAll(route['match'] as Json);
  return [...routes.filter((route) => !catchAll(route)), ...routes.filter(catchAll)];
}

function addServerHosts(view: GatewayView, bound: BoundServer, hosts: Map<string, GatewayHost>): void {
  const redirect = bound.server.tls?.httpsRedirect === true;
  const gateways = new Set([`${bound.ref.namespace}/${bound.ref.name}`]);
  for (const { rule, host } of boundRules(view, bound)) {
    const routes = virtualServiceRoutes(rule, { view, listenPort: bound.port, gateways, isTls: false });
    if (routes.length === 0) continue;
    const entry = hosts.get(host);
    if (entry === undefined) hosts.set(host, { rules: [{ routes }], redirect });
    else {
      if (!entry.rules.some((known) => sameRoutes(known.routes, routes))) entry.rules.push({ routes });
      entry.redirect ||= redirect;
    }
  }
  if (!redirect) return;
  // A redirecting server answers for its hosts even before a rule names them.
  for (const { host } of serverHosts(view, bound)) {
    const entry = hosts.get(host);
    if (entry === undefined) hosts.set(host, { rules: [], redirect: true });
    else entry.redirect = true;
  }
}

/** Two Gateways on one port may bind the same VirtualService. */
function sameRoutes(a: readonly Json[], b: readonly Json[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** `namespace/host` of a server; `*` for any namespace, `.` for the Gateway's own. */
function serverHosts(view: GatewayView, { ref, server }: BoundServer): { namespace: string; host: string }[] {
  return (server.hosts ?? []).map((entry) => {
    const slash = entry.indexOf('/');
    const namespace = slash < 0 ? '*' : entry.slice(0, slash);
    const host = slash < 0 ? entry : entry.slice(slash + 1);
    return {
      namespace: namespace === '.' ? ref.namespace : namespace,
      host: fullHost(host, ref.namespace, view.mesh.config.domain),
    };
  });
}

/** VirtualServices bound to the server's Gateway, with each host both name (the more specific form of the two). */
function boundRules(view: GatewayView, bound: BoundServer): { rule: VirtualService; host: string }[] {
  const name = `${bound.ref.namespace}/${bound.ref.name}`;
  const allowed = serverHosts(view, bound);
  return view.virtualServices
    .filter(
      (rule) => rule.gateways.includes(name) && isExported(rule.exportTo, rule.ref.namespace, view.namespace),
    )
    .flatMap((rule) => {
      const open = allowed.filter(({ namespace }) => namespace === '*' || namespace === rule.ref.namespace);
      const hosts = rule.hosts.flatMap((host) =>
        open.flatMap((server) =>
          hostWithin(server.host, host) ? [host] : hostWithin(host, server.host) ? [server.host] : [],
        ),
      );
      return [...new Set(hosts)].map((host) => ({ rule, host }));
    });
}

/** A TCP server forwards to its `tcp` routes; a TLS server in PASSTHROUGH mode picks by SNI among its `tls` routes. */
function l4Listener(view: GatewayView, listen: number, servers: readonly BoundServer[]): Json | undefined {
  const chains: Json[] = [];
  let fallback: Json | undefined;
  for (const bound of servers) {
    const gateways = new Set([`${bound.ref.namespace}/${bound.ref.name}`]);
    const protocol = protocolOf(bound.server);
    const passthrough = bound.server.tls?.mode === 'PASSTHROUGH';
    const rules = new Set(boundRules(view, bound).map(({ rule }) => rule));
    for (const rule of rules) {
      const routes = passthrough
        ? rule.tls
        : ['TCP', 'MONGO', 'MYSQL', 'REDIS'].includes(protocol)
          ? rule.tcp
          : [];
      for (const target of routes.flatMap((route) => matching(view, route, bound.port, gateways))) {
        const filters = [tcpProxy(view.mesh.config, target.clusters)];
        if (passthrough && target.sniHosts !== undefined) {
          chains.push({
            filter_chain_match: { server_names: target.sniHosts, transport_protocol: 'tls' },
            filters,
          });
        } else fallback ??= { filters };
      }
    }
  }
  if (chains.length === 0 && fallback === undefined) return undefined;
  const unique = [
    ...new Map(chains.map((chain) => [JSON.stringify(chain['filter_chain_match']), chain])).values(),
  ];
  return typed(
    'listener',
    compact({
      name: `${wildcardAddress}_${listen}`,
      address: socketAddress(wildcardAddress, listen),
      traffic_direction: 'OUTBOUND',
      metadata: listenerTelemetry('source'),
      listener_filters: unique.length === 0 ? undefined : [tlsInspector()],
      filter_chains: unique.length === 0 ? [fallback] : unique,
      default_filter_chain: unique.length === 0 ? undefined : fallback,
    }),
  );
}

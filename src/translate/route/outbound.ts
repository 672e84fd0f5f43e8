import type { Service, ServicePort, View, VirtualService } from '../../mesh/index.ts';
import { bySpecificity, hostWithin, isHttpOrAuto, isWildcard } from '../../mesh/index.ts';
import { outboundCluster, passthroughCluster } from '../../xds/names.ts';
import { routeTableName } from '../listener/outbound.ts';
import type { Json } from '../typed.ts';
import { compact, typed } from '../typed.ts';
import { consistentHash, hashPolicy } from './action.ts';
import { serviceDomains } from './domains.ts';
import { meshGateway } from './l4.ts';
import { matchAll } from './match.ts';
import { retryPolicy } from './retry.ts';
import { virtualServiceRoutes } from './virtual-service.ts';

/** The route tables of a sidecar's outbound listeners, by name. */
export function outboundRoutes(view: View): Json[] {
  const tables = new Map<string, { port: number; services: Service[] }>();
  const rules = new RuleIndex(view);
  for (const service of view.services.values()) {
    for (const port of service.ports) {
      if (!isHttpOrAuto(port.protocol)) continue;
      const name = routeTableName(service, port);
      const table = tables.get(name);
      if (table === undefined) tables.set(name, { port: port.number, services: [service] });
      else table.services.push(service);
    }
  }
  return [...tables]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, table]) => routeTable(view, rules, name, table));
}

function routeTable(
  view: View,
  rules: RuleIndex,
  name: string,
  table: { port: number; services: Service[] },
): Json {
  const detected = name.includes(':');
  const taken = new Set<string>();
  const hosts: Json[] = [];
  const services = table.services.sort((a, b) => (a.hostname < b.hostname ? -1 : 1));
  const full = new Set(services.map((service) => service.hostname));
  const claim = (domains: readonly string[]) =>
    domains.filter(
      (domain, i) => !taken.has(domain) && (i === 0 || !full.has(domain)) && taken.add(domain) !== undefined,
    );
  for (const service of services) {
    const port = service.ports.find((entry) => entry.number === table.port) as ServicePort;
    const rule = rules.forService(service);
    const routes =
      rule === undefined
        ? []
        : virtualServiceRoutes(rule, { view, listenPort: table.port, gateways: meshGateway, isTls: false });
    const domains = detected ? ['*'] : claim(serviceDomains(service));
    if (domains.length === 0) continue;
    hosts.push(
      virtualHost(
        `${service.hostname}:${table.port}`,
        domains,
        routes.length > 0 ? routes : [defaultRoute(view, service, port)],
      ),
    );
  }
  if (!detected) hosts.push(...hostsWithoutService(view, rules, table.port, claim), catchAllHost(view));
  return typed('routes', {
    name,
    virtual_hosts: hosts,
    validate_clusters: false,
    max_direct_response_body_size_bytes: 1024 * 1024,
    ignore_port_in_host_matching: true,
  });
}

/**
 * Hosts of VirtualServices that no service has: served on the ports of the services the same VirtualService speaks for; when it
 * speaks for none, on port 80, wherever the client found the address.
 */
function hostsWithoutService(
  view: View,
  rules: RuleIndex,
  port: number,
  claim: (domains: readonly string[]) => string[],
): Json[] {
  const hosts: Json[] = [];
  for (const rule of view.virtualServices) {
    const unknown = rule.hosts.filter((host) => !rules.hasService(host));
    if (unknown.length === 0 || !rules.servesHostsOn(rule, port)) continue;
    const routes = virtualServiceRoutes(rule, {
      view,
      listenPort: port,
      gateways: meshGateway,
      isTls: false,
    });
    if (routes.length === 0) continue;
    for (const host of unknown) {
      const domains = claim([host]);
      if (domains.length > 0) hosts.push(virtualHost(`${host}:${port}`, domains, routes));
    }
  }
  return hosts;
}

export function virtualHost(name: string, domains: readonly string[], routes: readonly Json[]): Json {
  return { name, domains, routes, include_request_attempt_count: true };
}

/** A service without rules of its own. */
function defaultRoute(view: View, service: Service, port: ServicePort): Json {
  const cluster = outboundCluster(service.hostname, port.number);
  const hash = hashPolicy(
    consistentHash(view, { host: service.hostname, port: { number: port.number } }, port.number),
  );
  return {
    name: 'default',
    match: matchAll,
    route: compact({
      cluster,
      timeout: '0s',
      max_grpc_timeout: '0s',
      hash_policy: hash === undefined ? undefined : [hash],
      retry_policy: retryPolicy(view.mesh.config.defaultHttpRetryPolicy, false),
    }),
    decorator: { operation: `${service.hostname}:${port.number}/*` },
  };
}

/** Hosts nobody knows: passed on to where the client was going, or refused, as outboundTrafficPolicy says. */
function catchAllHost(view: View): Json {
  if (view.outboundTrafficPolicy === 'ALLOW_ANY') {
    const route = { cluster: passthroughCluster, timeout: '0s', max_grpc_timeout: '0s' };
    return virtualHost('allow_any', ['*'], [{ name: 'allow_any', match: matchAll, route }]);
  }
  return virtualHost(
    'block_all',
    ['*'],
    [{ name: 'block_all', match: matchAll, direct_response: { status: 502 } }],
  );
}

/** Which VirtualService speaks for a service: an exact host before wildcards, long wildcards before short, older before younger. */
class RuleIndex {
  readonly #exact = new Map<string, VirtualService>();
  readonly #wild: { readonly host: string; readonly rule: VirtualService }[] = [];
  readonly #services: View['services'];

  constructor(view: View) {
    this.#services = view.services;
    for (const rule of view.virtualServices) {
      for (const host of rule.hosts) {
        if (isWildcard(host)) this.#wild.push({ host, rule });
        else if (!this.#exact.has(host)) this.#exact.set(host, rule);
      }
    }
    this.#wild.sort((a, b) => bySpecificity(a.host, b.host));
  }

  forService(service: Service): VirtualService | undefined {
    return (
      this.#exact.get(service.hostname) ??
      this.#wild.find(({ host }) => hostWithin(host, service.hostname))?.rule
    );
  }

  servesHostsOn(rule: VirtualService, port: number): boolean {
    const known = rule.hosts.filter((host) => this.hasService(host));
    if (known.length === 0) return port === 80;
    return known.some(
      (host) => isWildcard(host) || this.#services.get(host)?.ports.some((entry) => entry.number === port),
    );
  }

  hasService(host: string): boolean {
    if (!isWildcard(host)) return this.#services.has(host);
    for (const name of this.#services.keys()) if (hostWithin(host, name)) return true;
    return false;
  }
}

import type { L4Match, L4Route, Service, ServicePort, View } from '../../mesh/index.ts';
import { hostWithin, sourceMatches } from '../../mesh/index.ts';
import { outboundCluster } from '../../xds/names.ts';
import type { WeightedTarget } from '../listener/tcp-proxy.ts';

/** One TCP or TLS filter chain to be. */
export interface L4Target {
  readonly sniHosts: readonly string[] | undefined;
  readonly subnets: readonly string[] | undefined;
  readonly clusters: readonly WeightedTarget[];
}

export const meshGateway: ReadonlySet<string> = new Set(['mesh']);

/**
 * Where connections to a service port go: the `tls` and `tcp` routes of its VirtualServices, or the service itself. A TLS service
 * on no address of its own is told from others by SNI, so that it takes no one else's traffic on that port.
 */
export function l4Targets(view: View, service: Service, port: ServicePort): L4Target[] {
  const targets: L4Target[] = [];
  for (const rule of view.virtualServices) {
    if (!rule.hosts.some((host) => hostWithin(host, service.hostname))) continue;
    for (const route of rule.tls) targets.push(...matching(view, route, port.number, meshGateway));
    for (const route of rule.tcp) targets.push(...matching(view, route, port.number, meshGateway));
    if (targets.length > 0) break;
  }
  if (targets.some((target) => target.sniHosts === undefined && target.subnets === undefined)) return targets;
  const own = [{ cluster: outboundCluster(service.hostname, port.number), weight: 1 }];
  const isTls = port.protocol === 'tls' || port.protocol === 'https';
  if (isTls && service.addresses.length === 0 && service.registry === 'External') {
    return [...targets, { sniHosts: [service.hostname], subnets: undefined, clusters: own }];
  }
  return [...targets, { sniHosts: undefined, subnets: undefined, clusters: own }];
}

/** The chains of one `tls` or `tcp` route on a port; a route without match takes everything. */
export function matching(
  view: View,
  route: L4Route,
  port: number,
  gateways: ReadonlySet<string>,
): L4Target[] {
  const clusters = weighted(view, route, port);
  if (clusters.length === 0) return [];
  const matches = route.match ?? [{}];
  return matches
    .filter(
      (match: L4Match) =>
        (match.port === undefined || match.port === port) && sourceMatches(match, view, gateways),
    )
    .map((match) => ({ sniHosts: match.sniHosts, subnets: match.destinationSubnets, clusters }));
}

function weighted(view: View, route: L4Route, port: number): WeightedTarget[] {
  const all = route.route ?? [];
  return all
    .filter((entry) => all.length === 1 || (entry.weight ?? 0) > 0)
    .map(({ destination, weight }) => {
      const service = view.services.get(destination.host);
      const number =
        destination.port?.number ??
        (service?.ports.length === 1 ? service.ports[0]?.number : undefined) ??
        port;
      return { cluster: outboundCluster(destination.host, number, destination.subset), weight: weight ?? 1 };
    });
}

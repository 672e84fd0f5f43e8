import type { GatewayView, Service, View } from '../mesh/index.ts';
import { serviceClusters } from './cluster/outbound.ts';
import { blackHole, passthrough } from './cluster/well-known.ts';
import { translateGateway } from './gateway.ts';
import type { HeadlessAddresses } from './listener/outbound.ts';
import { outboundListeners } from './listener/outbound.ts';
import { referencedHosts } from './referenced-clusters.ts';
import { outboundRoutes } from './route/outbound.ts';
import type { Json } from './typed.ts';

export { translateEndpoints } from './endpoint.ts';
export { translateInbound } from './inbound.ts';
export { workloadLabels } from './telemetry.ts';
export type { HeadlessAddresses, Json };

/** What a scope publishes, cut the way it is stored: clusters by service, so that one rule rewrites one part. */
export interface ScopeResources {
  readonly listeners: readonly Json[];
  readonly routes: readonly Json[];
  readonly clusters: readonly Json[];
  readonly serviceClusters: ReadonlyMap<Service, readonly Json[]>;
}

/** The outbound world of sidecars. */
export function translateSidecar(view: View, addresses: HeadlessAddresses): ScopeResources {
  return {
    listeners: outboundListeners(view, addresses),
    routes: outboundRoutes(view),
    clusters: [passthrough(view.mesh.config), blackHole(view.mesh.config)],
    serviceClusters: clustersOf(view, view.services.values()),
  };
}

/** The world of a gateway workload, with the clusters its routes name. */
export function translateGatewayScope(view: GatewayView): ScopeResources {
  const { listeners, routes } = translateGateway(view);
  const hosts = referencedHosts([...listeners, ...routes]);
  const services = [...view.services.values()].filter((service) => hosts.has(service.hostname));
  return {
    listeners,
    routes,
    clusters: [blackHole(view.mesh.config)],
    serviceClusters: clustersOf(view, services),
  };
}

function clustersOf(view: View, services: Iterable<Service>): Map<Service, readonly Json[]> {
  const clusters = new Map<Service, readonly Json[]>();
  for (const service of services) clusters.set(service, serviceClusters(view, service));
  return clusters;
}

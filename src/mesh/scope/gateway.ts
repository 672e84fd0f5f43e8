import type { Gateway, Mesh, MeshProxy, VirtualService } from '../model/mesh.ts';
import { selects } from '../model/mesh.ts';
import type { Service } from '../model/service.ts';
import type { View } from './visibility.ts';
import { isExported, visibleServices } from './visibility.ts';

/** The world of one gateway workload. */
export interface GatewayView extends View {
  readonly proxy: MeshProxy;
  /** Gateways whose selector matches the workload, oldest first. */
  readonly gateways: readonly Gateway[];
  /** Services that select the workload: they say which port the outside sees for a port it listens on. */
  readonly ownServices: readonly Service[];
}

export function gatewayView(mesh: Mesh, proxy: MeshProxy): GatewayView {
  const gateways = mesh.gateways.filter((gateway) => selects(gateway.spec.selector ?? {}, proxy.labels));
  const names = new Set(gateways.map((gateway) => `${gateway.ref.namespace}/${gateway.ref.name}`));
  const bound = (service: VirtualService) =>
    service.gateways.some((name) => names.has(name)) &&
    isExported(service.exportTo, service.ref.namespace, proxy.namespace);
  return {
    mesh,
    namespace: proxy.namespace,
    labels: proxy.labels,
    services: visibleServices(mesh, proxy.namespace),
    virtualServices: mesh.virtualServices.filter(bound),
    outboundTrafficPolicy: mesh.config.outboundTrafficPolicy,
    proxy,
    gateways,
    ownServices: [...mesh.services.values()].flatMap((claims) =>
      claims.filter(
        (service) =>
          service.namespace === proxy.namespace &&
          service.selector !== undefined &&
          Object.keys(service.selector).length > 0 &&
          selects(service.selector, proxy.labels),
      ),
    ),
  };
}

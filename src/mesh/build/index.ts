import type { KubeObject } from '../../api/object.ts';
import type { Mesh, ObjectRef } from '../model/mesh.ts';
import type { MeshConfig } from '../model/mesh-config.ts';
import type { Service } from '../model/service.ts';
import { ObjectBuilder } from './object-cache.ts';
import { buildDestinationRule, buildGateway, buildSidecar } from './rule.ts';
import { buildService, externalNameOf } from './service.ts';
import { buildServiceEntry } from './service-entry.ts';
import { buildVirtualService, mergeDelegates } from './virtual-service.ts';

export { buildEndpoints, type EndpointInputs, type PodRecord } from './endpoints.ts';
export { buildMeshConfig } from './mesh-config.ts';
export { declaredProtocol, portProtocol } from './protocol.ts';
export { refOf } from './rule.ts';
export { createdAt } from './service.ts';

/** Objects the mesh is built from, as the API server has them. */
export interface MeshObjects {
  readonly services: readonly KubeObject[];
  readonly serviceEntries: readonly KubeObject[];
  readonly virtualServices: readonly KubeObject[];
  readonly destinationRules: readonly KubeObject[];
  readonly gateways: readonly KubeObject[];
  readonly sidecars: readonly KubeObject[];
}

/** Everything users configured, resolved and indexed. Pure: the same objects give the same mesh. */
export function buildMesh(objects: MeshObjects, config: MeshConfig): Mesh {
  const builder = new ObjectBuilder(config);
  const virtualServices = mergeDelegates(
    builder.build(objects.virtualServices, buildVirtualService).sort(byAge),
  );
  return {
    config,
    services: indexServices(objects, config, builder),
    virtualServices: virtualServices.services,
    destinationRules: builder.build(objects.destinationRules, buildDestinationRule).sort(byAge),
    gateways: builder.build(objects.gateways, buildGateway).sort(byAge),
    sidecars: builder.build(objects.sidecars, buildSidecar).sort(byAge),
    findings: [...builder.findings, ...virtualServices.findings],
  };
}

/** Older first, then by namespace and name, so that the winner of a conflict never depends on arrival. */
export function byAge(
  a: { createdAt: number; ref: ObjectRef },
  b: { createdAt: number; ref: ObjectRef },
): number {
  return (
    a.createdAt - b.createdAt ||
    compare(`${a.ref.namespace}/${a.ref.name}`, `${b.ref.namespace}/${b.ref.name}`)
  );
}

function indexServices(
  objects: MeshObjects,
  config: MeshConfig,
  builder: ObjectBuilder,
): Map<string, readonly Service[]> {
  const all: Service[] = builder
    .build(objects.services, buildService)
    .filter((service) => service !== undefined);
  const aliases = new Map<string, string[]>();
  for (const object of objects.services) {
    const external = externalNameOf(object, config);
    if (external !== undefined) aliases.set(external[1], [...(aliases.get(external[1]) ?? []), external[0]]);
  }
  all.push(...builder.build(objects.serviceEntries, buildServiceEntry).flat());
  all.sort(byClaim);
  const byHost = new Map<string, Service[]>();
  for (const service of all) {
    const names = aliases.get(service.hostname);
    const named = names === undefined ? service : { ...service, aliases: names.sort() };
    const claims = byHost.get(service.hostname);
    if (claims === undefined) byHost.set(service.hostname, [named]);
    else claims.push(named);
  }
  return byHost;
}

function byClaim(a: Service, b: Service): number {
  if (a.registry !== b.registry) return a.registry === 'Kubernetes' ? -1 : 1;
  return a.createdAt - b.createdAt || compare(`${a.hostname}/${a.namespace}`, `${b.hostname}/${b.namespace}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

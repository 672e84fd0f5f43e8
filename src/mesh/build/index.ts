import type { KubeObject } from '../../api/object.ts';
import type { Mesh, ObjectRef } from '../model/mesh.ts';
import type { MeshConfig } from '../model/mesh-config.ts';
import type { Service } from '../model/service.ts';
import { unsupportedFindings } from './not-acted-on.ts';
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
  const built = builder(config);
  const virtualServices = mergeDelegates(
    objects.virtualServices.map((object) => built(object, buildVirtualService)).sort(byAge),
  );
  const destinationRules = objects.destinationRules.map((object) => built(object, buildDestinationRule));
  const findings = [
    ...virtualServices.findings,
    ...Object.values(objects).flatMap((list) => list.flatMap(unsupportedFindings)),
  ];
  return {
    config,
    services: indexServices(objects, config, built),
    virtualServices: virtualServices.services,
    destinationRules: destinationRules.sort(byAge),
    gateways: objects.gateways.map((object) => built(object, buildGateway)).sort(byAge),
    sidecars: objects.sidecars.map((object) => built(object, buildSidecar)).sort(byAge),
    findings,
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
  built: Built,
): Map<string, readonly Service[]> {
  const all: Service[] = [];
  const aliases = new Map<string, string[]>();
  for (const object of objects.services) {
    const service = built(object, buildService);
    if (service !== undefined) all.push(service);
    const external = externalNameOf(object, config);
    if (external !== undefined) aliases.set(external[1], [...(aliases.get(external[1]) ?? []), external[0]]);
  }
  for (const object of objects.serviceEntries) all.push(...built(object, buildServiceEntry));
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

type Built = <T>(object: KubeObject, build: (object: KubeObject, config: MeshConfig) => T) => T;

/** Each object is built once: the cache is keyed by the object itself, which is replaced whole when it changes. */
const cache = new WeakMap<MeshConfig, WeakMap<KubeObject, unknown>>();

function builder(config: MeshConfig): Built {
  let entries = cache.get(config);
  if (entries === undefined) {
    entries = new WeakMap();
    cache.set(config, entries);
  }
  const known = entries;
  return (object, build) => {
    if (!known.has(object)) known.set(object, build(object, config));
    return known.get(object) as ReturnType<typeof build>;
  };
}

import type { KubeObject } from '../../api/object.ts';
import { parseYaml } from '../../base/yaml.ts';
import type { Endpoint, Mesh, MeshProxy, PodRecord, Service, View } from '../../mesh/index.ts';
import {
  buildEndpoints,
  buildMesh,
  buildMeshConfig,
  canonicalName,
  canonicalRevision,
  destinationRuleFor,
  gatewayView,
  sidecarScopes,
  sidecarView,
} from '../../mesh/index.ts';
import type { ResourceSet } from '../../xds/snapshot/index.ts';
import type { ScopeResources } from '../index.ts';
import {
  translateEndpoints,
  translateGatewayScope,
  translateInbound,
  translateSidecar,
  workloadLabels,
} from '../index.ts';

/** A world written as objects, and what a proxy in it would run on. */
export interface World {
  readonly mesh: Mesh;
  readonly proxies: readonly MeshProxy[];
  resourcesOf(proxy: string): ResourceSet;
}

/** Builds a world from Kubernetes objects: pods with the annotation `lateen.dev/proxy` are proxies, EndpointSlices give endpoints. */
export function world(objects: readonly KubeObject[]): World {
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  const configMap = of('ConfigMap').find((object) => object.metadata.name === 'istio');
  const meshText = (configMap?.['data'] as Record<string, string> | undefined)?.['mesh'] ?? '{}';
  const config = buildMeshConfig(parseYaml(meshText), {
    rootNamespace: 'istio-system',
    domain: 'cluster.local',
    clusterId: 'Kubernetes',
  });
  const mesh = buildMesh(
    {
      services: of('Service'),
      serviceEntries: of('ServiceEntry'),
      virtualServices: of('VirtualService'),
      destinationRules: of('DestinationRule'),
      gateways: of('Gateway'),
      sidecars: of('Sidecar'),
    },
    config,
  );
  const pods = of('Pod').map(podRecord);
  const proxies = uniqueProxies(pods);
  const endpointsOf = (service: Service): Endpoint[] =>
    buildEndpoints(service, {
      config,
      slices: of('EndpointSlice').filter(
        (slice) =>
          slice.metadata.namespace === service.namespace &&
          slice.metadata.labels?.['kubernetes.io/service-name'] === service.name,
      ),
      podByIp: (ip) => pods.find((pod) => pod.ip === ip),
      podsIn: (namespace) => pods.filter((pod) => pod.namespace === namespace),
    });
  return { mesh, proxies, resourcesOf: (name) => resourcesOf(mesh, proxies, name, endpointsOf) };
}

function resourcesOf(
  mesh: Mesh,
  proxies: readonly MeshProxy[],
  name: string,
  endpointsOf: (service: Service) => Endpoint[],
): ResourceSet {
  const proxy = proxies.find((candidate) => candidate.name === name);
  if (proxy === undefined) throw new Error(`no proxy ${name}`);
  const scope = sidecarScopes(mesh, proxies).find(({ proxies: members }) => members.includes(proxy));
  const addresses = (service: Service) => endpointsOf(service).map((endpoint) => endpoint.address);
  const gateway = gatewayView(mesh, proxy);
  const view: View = scope === undefined ? gateway : sidecarView(mesh, scope);
  const shared: ScopeResources =
    scope === undefined ? translateGatewayScope(gateway) : translateSidecar(view, addresses);
  const place = {
    canonicalName: canonicalName(proxy.labels, proxy.workload),
    canonicalRevision: canonicalRevision(proxy.labels),
    clusterId: mesh.config.clusterId,
  };
  const own =
    proxy.kind === 'sidecar'
      ? translateInbound(mesh, proxy, workloadLabels('destination', proxy, place))
      : undefined;
  const services = [...shared.serviceClusters.keys()];
  return {
    listeners: [...shared.listeners, ...(own?.listeners ?? [])],
    routes: shared.routes,
    clusters: [...shared.clusters, ...[...shared.serviceClusters.values()].flat(), ...(own?.clusters ?? [])],
    endpoints: services.flatMap((service) =>
      translateEndpoints(service, endpointsOf(service), destinationRuleFor(view, service)),
    ),
  };
}

function podRecord(object: KubeObject): PodRecord {
  const spec = (object.spec ?? {}) as {
    containers?: { name: string; args?: string[]; ports?: { name?: string; containerPort: number }[] }[];
  };
  const annotation = object.metadata.annotations?.['lateen.dev/proxy'];
  const agent = spec.containers?.find((container) => container.name === 'istio-proxy');
  const ports = (spec.containers ?? []).flatMap((container) => container.ports ?? []);
  return {
    name: object.metadata.name,
    namespace: object.metadata.namespace ?? 'default',
    ip: (object.status as { podIP?: string } | undefined)?.podIP ?? '',
    labels: object.metadata.labels ?? {},
    serviceAccount: 'default',
    workload: object.metadata.name,
    locality: '',
    ports: Object.fromEntries(
      ports.filter((port) => port.name).map((port) => [port.name as string, port.containerPort]),
    ),
    proxy:
      annotation === undefined
        ? undefined
        : {
            name: annotation,
            kind: agent?.args?.includes('router') ? 'gateway' : 'sidecar',
            revision: 'default',
          },
  };
}

function uniqueProxies(pods: readonly PodRecord[]): MeshProxy[] {
  const found = new Map<string, MeshProxy>();
  for (const pod of pods) {
    if (pod.proxy === undefined) continue;
    found.set(pod.proxy.name, {
      name: pod.proxy.name,
      namespace: pod.namespace,
      kind: pod.proxy.kind,
      labels: pod.labels,
      serviceAccount: pod.serviceAccount,
      workload: pod.workload,
      revision: pod.proxy.revision,
      containerPorts: pod.ports,
    });
  }
  return [...found.values()];
}

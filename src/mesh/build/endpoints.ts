import type { KubeObject } from '../../api/object.ts';
import { selects } from '../model/mesh.ts';
import type { MeshConfig } from '../model/mesh-config.ts';
import type { Endpoint, Service } from '../model/service.ts';

/** What endpoints and proxies need of a pod. */
export interface PodRecord {
  readonly name: string;
  readonly namespace: string;
  readonly ip: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly workload: string;
  readonly locality: string;
  /** Named ports of its containers. */
  readonly ports: Readonly<Record<string, number>>;
  /** Set when the pod runs a proxy of ours. */
  readonly proxy:
    | { readonly name: string; readonly kind: 'sidecar' | 'gateway'; readonly revision: string }
    | undefined;
}

export interface EndpointInputs {
  readonly config: MeshConfig;
  /** EndpointSlices of the service. */
  readonly slices: readonly KubeObject[];
  readonly podByIp: (ip: string) => PodRecord | undefined;
  /** Pods of a namespace, for ServiceEntries that select workloads. */
  readonly podsIn: (namespace: string) => Iterable<PodRecord>;
}

interface Slice {
  readonly endpoints?: readonly {
    readonly addresses?: readonly string[];
    readonly conditions?: {
      readonly ready?: boolean;
      readonly serving?: boolean;
      readonly terminating?: boolean;
    };
    readonly zone?: string;
  }[];
  readonly ports?: readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[];
}

/** The addresses a service can be reached at now. Endpoints that are not ready are left out, terminating ones at once. */
export function buildEndpoints(service: Service, inputs: EndpointInputs): Endpoint[] {
  if (service.registry === 'External') return entryEndpoints(service, inputs);
  const found = new Map<string, Endpoint>();
  for (const object of inputs.slices) {
    const slice = object as unknown as Slice;
    const ports = slicePorts(service, slice);
    for (const entry of slice.endpoints ?? []) {
      if (entry.conditions?.ready === false || entry.conditions?.terminating === true) continue;
      for (const address of entry.addresses ?? []) {
        const endpoint = podEndpoint(address, ports, inputs, entry.zone ?? '');
        const known = found.get(address);
        found.set(
          address,
          known === undefined ? endpoint : { ...known, ports: { ...known.ports, ...endpoint.ports } },
        );
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** EndpointSlice ports carry the Service port's name. */
function slicePorts(service: Service, slice: Slice): Record<number, number> {
  const ports: Record<number, number> = {};
  for (const port of service.ports) {
    const found = (slice.ports ?? []).find((entry) => (entry.name ?? '') === port.name);
    if (found?.port !== undefined) ports[port.number] = found.port;
  }
  return ports;
}

function podEndpoint(
  address: string,
  ports: Record<number, number>,
  inputs: EndpointInputs,
  zone: string,
): Endpoint {
  const pod = inputs.podByIp(address);
  return {
    address,
    ports,
    labels: pod?.labels ?? {},
    weight: undefined,
    locality: pod?.locality ?? (zone === '' ? '' : `/${zone}`),
    workload: pod === undefined ? '' : workloadText(pod, inputs.config.clusterId),
    healthy: true,
  };
}

/** `name;namespace;canonical-service;canonical-revision;cluster`, as Istio packs it into endpoint metadata. */
export function workloadText(pod: PodRecord, clusterId: string): string {
  return [
    pod.workload,
    pod.namespace,
    canonicalName(pod.labels, pod.workload),
    canonicalRevision(pod.labels),
    clusterId,
  ].join(';');
}

export function canonicalName(labels: Readonly<Record<string, string>>, workload: string): string {
  return (
    labels['service.istio.io/canonical-name'] ?? labels['app.kubernetes.io/name'] ?? labels['app'] ?? workload
  );
}

export function canonicalRevision(labels: Readonly<Record<string, string>>): string {
  return (
    labels['service.istio.io/canonical-revision'] ??
    labels['app.kubernetes.io/version'] ??
    labels['version'] ??
    'latest'
  );
}

function entryEndpoints(service: Service, inputs: EndpointInputs): Endpoint[] {
  const selector = service.selector;
  if (selector !== undefined) {
    const pods = [...inputs.podsIn(service.namespace)].filter(
      (pod) => pod.ip !== '' && selects(selector, pod.labels),
    );
    return pods.map((pod) => podEndpoint(pod.ip, entryPorts(service, {}), inputs, ''));
  }
  return service.entryEndpoints.map((entry) => ({
    address: entry.address,
    ports: entryPorts(service, entry.ports),
    labels: entry.labels,
    weight: entry.weight,
    locality: entry.locality,
    workload: '',
    healthy: true,
  }));
}

function entryPorts(service: Service, own: Readonly<Record<string, number>>): Record<number, number> {
  return Object.fromEntries(
    service.ports.map((port) => [
      port.number,
      own[port.name] ?? (typeof port.targetPort === 'number' ? port.targetPort : port.number),
    ]),
  );
}

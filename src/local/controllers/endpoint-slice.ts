import { sha256Hex, stableJson } from '../../base/hash.ts';
import type { ApiObject } from '../api/object.ts';
import type { Container, Pod } from '../node/pod-spec.ts';
import { isSidecar } from '../node/pod-spec.ts';
import { coreResources } from '../resources.ts';
import { type Controller, type ControllerContext, ownKey } from './controller.ts';
import { isReady, ownerReference } from './workload.ts';

export interface ServicePort {
  readonly name?: string;
  readonly protocol?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly appProtocol?: string;
}

export interface Service extends ApiObject {
  spec: {
    type?: string;
    clusterIP?: string;
    selector?: Record<string, string>;
    ports?: readonly ServicePort[];
    publishNotReadyAddresses?: boolean;
  };
}

const managedBy = 'endpointslice.kubernetes.io/managed-by';
const controllerName = 'endpointslice-controller.k8s.io';

/** Keeps EndpointSlices (and the older Endpoints) of every Service with a selector in step with its pods. */
export function endpointSliceController(context: ControllerContext): Controller {
  return {
    name: 'endpointslice',
    watches: [
      { resource: coreResources.services, keys: ownKey },
      {
        resource: coreResources.pods,
        keys: ({ type, object, previous }) => {
          if (
            type === 'MODIFIED' &&
            previous &&
            endpointText(previous as Pod) === endpointText(object as Pod)
          )
            return [];
          return selecting(context, object as Pod, previous as Pod | undefined);
        },
      },
    ],
    async reconcile(namespace, name) {
      const service = context.api.read(coreResources.services, name, namespace) as Service | undefined;
      // A Service without a selector has endpoints of somebody else; ExternalName has none.
      if (
        service === undefined ||
        service.spec.selector === undefined ||
        service.spec.type === 'ExternalName'
      )
        return undefined;
      if (service.metadata.deletionTimestamp !== undefined) return undefined;
      const pods = selected(context, service);
      await writeSlices(context, service, pods);
      await writeEndpoints(context, service, pods);
      return undefined;
    },
  };
}

/** What of a pod shows in endpoints: only a change of this matters. */
function endpointText(pod: Pod): string {
  return stableJson([
    pod.metadata.labels,
    pod.metadata.deletionTimestamp,
    pod.status?.podIP,
    pod.status?.phase,
    isReady(pod),
    pod.spec.hostname,
    pod.spec.subdomain,
    pod.spec.nodeName,
  ]);
}

function selecting(context: ControllerContext, pod: Pod, previous: Pod | undefined): string[] {
  const { namespace = '' } = pod.metadata;
  return (context.api.readAll(coreResources.services, namespace) as readonly Service[])
    .filter((service) => [pod, previous].some((one) => one && matches(service, one)))
    .map((service) => `${namespace}/${service.metadata.name}`);
}

function matches(service: Service, pod: Pod): boolean {
  const entries = Object.entries(service.spec.selector ?? {});
  return (
    service.spec.selector !== undefined &&
    entries.every(([key, value]) => pod.metadata.labels?.[key] === value)
  );
}

function selected(context: ControllerContext, service: Service): Pod[] {
  const pods = context.api.readAll(coreResources.pods, service.metadata.namespace) as readonly Pod[];
  return pods.filter(
    (pod) =>
      matches(service, pod) &&
      pod.status?.podIP !== undefined &&
      pod.status.phase !== 'Succeeded' &&
      pod.status.phase !== 'Failed',
  );
}

/** `targetPort` of a service port in a pod: a number, or the name of a container's port (sidecars included). */
export function targetPort(port: ServicePort, pod: Pod): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  const containers: Container[] = [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []).filter(isSidecar),
  ];
  const found = containers
    .flatMap(({ ports }) => ports ?? [])
    .find(({ name, protocol }) => name === target && (protocol ?? 'TCP') === (port.protocol ?? 'TCP'));
  return found?.containerPort;
}

interface SliceContent {
  readonly ports: unknown[];
  readonly endpoints: unknown[];
}

/** Pods that resolve named ports differently end in different slices, as an EndpointSlice has one list of ports for all. */
export function sliceContents(service: Service, pods: readonly Pod[]): SliceContent[] {
  const groups = new Map<string, { ports: unknown[]; endpoints: unknown[] }>();
  for (const pod of pods) {
    const ports = (service.spec.ports ?? []).flatMap((port) => {
      const number = targetPort(port, pod);
      if (number === undefined) return [];
      const { name = '', protocol = 'TCP', appProtocol } = port;
      return [{ name, port: number, protocol, ...(appProtocol ? { appProtocol } : {}) }];
    });
    const key = stableJson(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpoint(service, pod));
    groups.set(key, group);
  }
  return [...groups.values()];
}

function endpoint(service: Service, pod: Pod): unknown {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  const { hostname, subdomain, nodeName } = pod.spec;
  return {
    addresses: [pod.status?.podIP],
    conditions: {
      ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: {
      kind: 'Pod',
      name: pod.metadata.name,
      namespace: pod.metadata.namespace,
      uid: pod.metadata.uid,
    },
  };
}

async function writeSlices(
  context: ControllerContext,
  service: Service,
  pods: readonly Pod[],
): Promise<void> {
  const { name, namespace = '' } = service.metadata;
  const { endpointSlices } = coreResources;
  const mine = context.api
    .readAll(endpointSlices, namespace)
    .filter(
      ({ metadata }) =>
        metadata.labels?.['kubernetes.io/service-name'] === name &&
        metadata.labels[managedBy] === controllerName,
    );
  const contents = sliceContents(service, pods);
  if (contents.length === 0) contents.push({ ports: [], endpoints: [] });
  const kept = new Set<string>();
  for (const [i, content] of contents.entries()) {
    const sliceName = `${name}-${sha256Hex(`${service.metadata.uid}/${i}`, 5)}`;
    kept.add(sliceName);
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: sliceName,
        namespace,
        labels: {
          ...service.metadata.labels,
          'kubernetes.io/service-name': name,
          [managedBy]: controllerName,
          ...(service.spec.clusterIP === 'None' ? { 'service.kubernetes.io/headless': '' } : {}),
        },
        ownerReferences: [ownerReference(service)],
      },
      addressType: 'IPv4',
      ...content,
    };
    const old = mine.find(({ metadata }) => metadata.name === sliceName);
    if (old === undefined) await context.client.create(endpointSlices, slice);
    else if (differs(old, slice)) {
      await context.client.replace(endpointSlices, {
        ...slice,
        metadata: { ...slice.metadata, resourceVersion: old.metadata.resourceVersion ?? '' },
      });
    }
  }
  for (const { metadata } of mine) {
    if (!kept.has(metadata.name)) await context.client.delete(endpointSlices, metadata.name, { namespace });
  }
}

function differs(
  old: Readonly<ApiObject>,
  slice: { metadata: { labels: object }; ports: unknown; endpoints: unknown },
): boolean {
  return (
    stableJson([old['ports'] ?? [], old['endpoints'] ?? [], old.metadata.labels]) !==
    stableJson([slice.ports, slice.endpoints, slice.metadata.labels])
  );
}

/** `v1/Endpoints` of the same name, for older clients and `kubectl get endpoints`. */
async function writeEndpoints(
  context: ControllerContext,
  service: Service,
  pods: readonly Pod[],
): Promise<void> {
  const { name, namespace = '' } = service.metadata;
  const { endpoints } = coreResources;
  const subsets = sliceContents(service, pods).map(({ ports, endpoints: list }) => {
    const address = (entry: unknown) => {
      const { addresses, nodeName, targetRef, hostname } = entry as Record<string, unknown>;
      return { ip: (addresses as string[])[0], ...(hostname ? { hostname } : {}), nodeName, targetRef };
    };
    const live = list.filter(
      (entry) => !(entry as { conditions: { terminating: boolean } }).conditions.terminating,
    );
    const ready = live
      .filter((entry) => (entry as { conditions: { ready: boolean } }).conditions.ready)
      .map(address);
    const waiting = live
      .filter((entry) => !(entry as { conditions: { ready: boolean } }).conditions.ready)
      .map(address);
    return {
      ...(ready.length > 0 ? { addresses: ready } : {}),
      ...(waiting.length > 0 ? { notReadyAddresses: waiting } : {}),
      ports,
    };
  });
  const filled = subsets.filter((subset) => 'addresses' in subset || 'notReadyAddresses' in subset);
  const old = context.api.read(endpoints, name, namespace);
  const object = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name,
      namespace,
      labels: { ...service.metadata.labels, 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
    },
    ...(filled.length > 0 ? { subsets: filled } : {}),
  };
  if (old === undefined)
    await context.client.create(endpoints, {
      ...object,
      metadata: { ...object.metadata, ownerReferences: [ownerReference(service)] },
    });
  else if (stableJson(old['subsets'] ?? []) !== stableJson(filled)) {
    await context.client.replace(endpoints, {
      ...object,
      metadata: {
        ...object.metadata,
        ownerReferences: [ownerReference(service)],
        resourceVersion: old.metadata.resourceVersion ?? '',
      },
    });
  }
}

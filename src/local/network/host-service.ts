import { ApiError, type Resource } from '../../kube/client.ts';
import type { LocalApi } from '../api/local-api.ts';
import type { ApiObject } from '../api/object.ts';
import { coreResources } from '../resources.ts';

/** A Service whose endpoint is a port of the host. */
export interface HostService {
  readonly namespace: string;
  readonly name: string;
  readonly clusterIp: string;
  readonly hostIp: string;
  readonly ports: readonly { name: string; protocol: string; port: number; hostPort: number }[];
}

/** Writes a Service without selector and its EndpointSlice; an existing Service is kept, the slice always says where the port is now. */
export async function publishHostService(api: LocalApi, service: HostService): Promise<void> {
  const { namespace, name } = service;
  await ensure(api, coreResources.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      type: 'ClusterIP',
      clusterIP: service.clusterIp,
      clusterIPs: [service.clusterIp],
      ports: service.ports.map(({ name: port, protocol, port: number }) => ({
        name: port,
        protocol,
        port: number,
        targetPort: number,
      })),
    },
  });
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: service.ports.map(({ name: port, protocol, hostPort }) => ({
      name: port,
      protocol,
      port: hostPort,
    })),
    endpoints: [{ addresses: [service.hostIp], conditions: { ready: true } }],
  };
  if (await ensure(api, coreResources.endpointSlices, slice)) return;
  const { ports, endpoints } = slice;
  await api
    .client('lateen-local')
    .patch(coreResources.endpointSlices, name, 'merge', { ports, endpoints }, { namespace });
}

/** True when the object was made, false when it was there. */
async function ensure(api: LocalApi, resource: Resource, object: ApiObject): Promise<boolean> {
  if (api.read(resource, object.metadata.name, object.metadata.namespace)) return false;
  try {
    await api.client('lateen-local').create(resource, object);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'AlreadyExists') return false;
    throw error;
  }
}

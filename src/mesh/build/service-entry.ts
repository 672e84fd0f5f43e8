import type { KubeObject } from '../../api/object.ts';
import type { MeshConfig } from '../model/mesh-config.ts';
import type { ServiceEntrySpec } from '../model/rules.ts';
import type { EntryEndpoint, Resolution, Service, ServicePort } from '../model/service.ts';
import { declaredProtocol } from './protocol.ts';
import { createdAt } from './service.ts';

/** One Service for each host of a ServiceEntry. */
export function buildServiceEntry(object: KubeObject, config: MeshConfig): Service[] {
  const spec = (object.spec ?? {}) as ServiceEntrySpec;
  const namespace = object.metadata.namespace ?? 'default';
  const shared: Omit<Service, 'hostname'> = {
    name: object.metadata.name,
    namespace,
    registry: 'External',
    addresses: spec.addresses ?? [],
    ports: (spec.ports ?? []).map(entryPort),
    resolution: resolutionOf(spec),
    meshExternal: spec.location !== 'MESH_INTERNAL',
    selector: spec.workloadSelector?.labels,
    exportTo: spec.exportTo ?? config.defaultServiceExportTo,
    labels: object.metadata.labels ?? {},
    aliases: [],
    createdAt: createdAt(object),
    entryEndpoints: (spec.endpoints ?? []).map(entryEndpoint),
  };
  return (spec.hosts ?? []).map((host) => ({ ...shared, hostname: host.toLowerCase() }));
}

function resolutionOf(spec: ServiceEntrySpec): Resolution {
  if (spec.resolution === 'STATIC') return 'eds';
  if (spec.resolution === 'DNS') return 'dns';
  if (spec.resolution === 'DNS_ROUND_ROBIN') return 'dns-round-robin';
  return 'passthrough';
}

function entryPort(port: NonNullable<ServiceEntrySpec['ports']>[number]): ServicePort {
  const number = port.number ?? 0;
  return {
    number,
    name: port.name ?? '',
    protocol: declaredProtocol(port.protocol),
    targetPort: port.targetPort ?? number,
  };
}

function entryEndpoint(endpoint: NonNullable<ServiceEntrySpec['endpoints']>[number]): EntryEndpoint {
  return {
    address: endpoint.address ?? '',
    ports: endpoint.ports ?? {},
    labels: endpoint.labels ?? {},
    weight: endpoint.weight,
    locality: endpoint.locality ?? '',
    network: endpoint.network ?? '',
  };
}

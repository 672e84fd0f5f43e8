import type { KubeObject } from '../../api/object.ts';
import type { MeshConfig } from '../model/mesh-config.ts';
import type { Service, ServicePort } from '../model/service.ts';
import { portProtocol } from './protocol.ts';

interface ServiceSpec {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly externalName?: string;
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports?: readonly {
    name?: string;
    port: number;
    protocol?: string;
    appProtocol?: string;
    targetPort?: number | string;
  }[];
}

export const exportToAnnotation = 'networking.istio.io/exportTo';

/** A Kubernetes Service in the mesh's words; undefined for ExternalName, which is only another name (`externalNameOf`). */
export function buildService(object: KubeObject, config: MeshConfig): Service | undefined {
  const spec = (object.spec ?? {}) as ServiceSpec;
  if (spec.type === 'ExternalName') return undefined;
  const namespace = object.metadata.namespace ?? 'default';
  const headless = spec.clusterIP === 'None' || spec.clusterIP === undefined || spec.clusterIP === '';
  return {
    hostname: serviceHost(object.metadata.name, namespace, config),
    name: object.metadata.name,
    namespace,
    registry: 'Kubernetes',
    addresses: headless ? [] : (spec.clusterIPs ?? [spec.clusterIP as string]),
    ports: (spec.ports ?? []).map(buildPort),
    resolution: headless ? 'passthrough' : 'eds',
    meshExternal: false,
    selector: spec.selector,
    exportTo: exportTo(object, config.defaultServiceExportTo),
    labels: object.metadata.labels ?? {},
    aliases: [],
    createdAt: createdAt(object),
    entryEndpoints: [],
  };
}

/** `[alias, target]` of an ExternalName Service. */
export function externalNameOf(
  object: KubeObject,
  config: MeshConfig,
): readonly [string, string] | undefined {
  const spec = (object.spec ?? {}) as ServiceSpec;
  if (spec.type !== 'ExternalName' || spec.externalName === undefined) return undefined;
  const alias = serviceHost(object.metadata.name, object.metadata.namespace ?? 'default', config);
  return [alias, spec.externalName.toLowerCase().replace(/\.$/, '')];
}

export function serviceHost(name: string, namespace: string, config: MeshConfig): string {
  return `${name}.${namespace}.svc.${config.domain}`;
}

export function createdAt(object: KubeObject): number {
  const parsed = Date.parse(object.metadata.creationTimestamp ?? '');
  return Number.isNaN(parsed) ? 0 : parsed;
}

function buildPort(port: NonNullable<ServiceSpec['ports']>[number]): ServicePort {
  return {
    number: port.port,
    name: port.name ?? '',
    protocol: portProtocol(port),
    targetPort: port.targetPort === undefined || port.targetPort === 0 ? port.port : port.targetPort,
  };
}

function exportTo(object: KubeObject, fallback: readonly string[]): readonly string[] {
  const annotation = object.metadata.annotations?.[exportToAnnotation];
  if (annotation === undefined) return fallback;
  return annotation
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

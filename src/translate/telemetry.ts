import type { MeshProxy, ObjectRef, Service } from '../mesh/index.ts';
import type { Json } from './typed.ts';

/** Marks a listener for mesh telemetry. `labels` speak of this side; scope listeners leave them to the proxy (docs/contracts.md). */
export function listenerTelemetry(
  reporter: 'source' | 'destination',
  labels?: Readonly<Record<string, string>>,
): Json {
  return {
    filter_metadata: { 'lateen.telemetry': labels === undefined ? { reporter } : { reporter, labels } },
  };
}

/** The labels Istio's metrics carry about one side of a request. */
export function workloadLabels(
  side: 'source' | 'destination',
  proxy: MeshProxy,
  place: { canonicalName: string; canonicalRevision: string; clusterId: string },
): Record<string, string> {
  return {
    [`${side}_workload`]: proxy.workload,
    [`${side}_workload_namespace`]: proxy.namespace,
    [`${side}_canonical_service`]: place.canonicalName,
    [`${side}_canonical_revision`]: place.canonicalRevision,
    [`${side}_app`]: proxy.labels['app'] ?? 'unknown',
    [`${side}_version`]: proxy.labels['version'] ?? 'unknown',
    [`${side}_principal`]: 'unknown',
    [`${side}_cluster`]: place.clusterId,
  };
}

/** Which service a cluster stands for. */
export function clusterServices(services: readonly Service[]): Json {
  return { services: services.map(({ hostname, name, namespace }) => ({ host: hostname, name, namespace })) };
}

const versions: Readonly<Record<string, string>> = {
  VirtualService: 'networking.istio.io/v1',
  DestinationRule: 'networking.istio.io/v1',
  Gateway: 'networking.istio.io/v1',
};

/** The object a route or cluster comes from, as `istioctl proxy-config` reads it. */
export function configPath(ref: ObjectRef): string {
  const kind = ref.kind.replace(/(?<=[a-z])([A-Z])/g, '-$1').toLowerCase();
  return `/apis/${versions[ref.kind] ?? 'networking.istio.io/v1'}/namespaces/${ref.namespace}/${kind}/${ref.name}`;
}

import type { KubeObject } from '../../api/object.ts';
import type { Pod } from '../../inject/index.ts';
import { workloadOf } from '../../inject/pod.ts';
import type { PodRecord } from '../../mesh/index.ts';
import { labels } from '../../xds/snapshot/index.ts';

interface PodStatus {
  readonly podIP?: string;
  readonly phase?: string;
}

/** What the control plane remembers of a pod; undefined for pods that have ended. Pods on the host's network have no address of their own. */
export function podRecord(object: KubeObject): PodRecord | undefined {
  const pod = object as unknown as Pod;
  const status = (object.status ?? {}) as PodStatus;
  if (status.phase === 'Succeeded' || status.phase === 'Failed') return undefined;
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const proxy = object.metadata.annotations?.[labels.proxy];
  const isGateway = all.some(
    (container) => container.name === 'istio-proxy' && container.args?.includes('router'),
  );
  const podLabels = object.metadata.labels ?? {};
  return {
    name: object.metadata.name,
    namespace: object.metadata.namespace ?? 'default',
    ip: pod.spec.hostNetwork ? '' : (status.podIP ?? ''),
    labels: podLabels,
    serviceAccount: pod.spec.serviceAccountName ?? 'default',
    workload: workloadOf(pod).name,
    locality: podLabels['istio-locality']?.replaceAll('.', '/') ?? '',
    ports: Object.fromEntries(
      all
        .flatMap((container) => container.ports ?? [])
        .flatMap((port) => (port.name ? [[port.name, port.containerPort]] : [])),
    ),
    proxy:
      proxy === undefined
        ? undefined
        : {
            name: proxy,
            kind: isGateway ? 'gateway' : 'sidecar',
            revision: podLabels['istio.io/rev'] ?? object.metadata.annotations?.['istio.io/rev'] ?? 'default',
          },
  };
}

import { sha256Hex, stableJson } from '../base/hash.ts';
import type { Pod } from './pod.ts';
import { proxyContainerName, templateLabels } from './pod.ts';

/** Annotation on the pod and key of the ConfigMap label that tie a pod to its configuration (docs/contracts.md). */
export const proxyAnnotation = 'lateen.dev/proxy';

/**
 * The name under which all replicas of one template share a configuration: the workload's name and a hash over what the control
 * plane's output for the proxy depends on. Offline injection and admission give the same name, since nothing a controller adds counts.
 */
export function proxyName(pod: Pod, namespace: string, workload: string): string {
  const annotations = Object.entries(pod.metadata.annotations ?? {}).filter(
    ([key]) => key.includes('istio.io/') && key !== 'sidecar.istio.io/status',
  );
  const ports = (pod.spec.containers ?? [])
    .filter((container) => container.name !== proxyContainerName)
    .flatMap((container) => container.ports ?? [])
    .map((port) => `${port.containerPort}/${port.protocol ?? 'TCP'}/${port.name ?? ''}`);
  const identity = {
    namespace,
    workload,
    labels: templateLabels(pod),
    serviceAccount: pod.spec.serviceAccountName ?? 'default',
    ports: ports.sort(),
    annotations: Object.fromEntries(annotations),
  };
  return `${shorten(workload)}-${sha256Hex(stableJson(identity), 8)}`;
}

/** ConfigMap names end at 253 characters, label values at 63: `istio-proxy-` is not part of the label, the hash is. */
function shorten(workload: string): string {
  return workload.slice(0, 54).replace(/[^a-z0-9]+$/, '');
}

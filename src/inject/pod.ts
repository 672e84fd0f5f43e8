/** The parts of a core/v1 Pod that injection reads and writes; every other field is carried along untouched. */
export interface Pod {
  apiVersion?: string;
  kind?: string;
  metadata: PodMeta;
  spec: PodSpec;
  [field: string]: unknown;
}

export interface PodMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { apiVersion: string; kind: string; name: string; controller?: boolean }[];
  [field: string]: unknown;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes?: Volume[];
  serviceAccountName?: string;
  hostNetwork?: boolean;
  securityContext?: Record<string, unknown>;
  [field: string]: unknown;
}

export interface Container {
  name: string;
  image?: string;
  args?: string[];
  env?: EnvVar[];
  ports?: ContainerPort[];
  volumeMounts?: VolumeMount[];
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  startupProbe?: Probe;
  securityContext?: Record<string, unknown>;
  restartPolicy?: string;
  [field: string]: unknown;
}

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: Record<string, unknown>;
}

export interface ContainerPort {
  containerPort: number;
  name?: string;
  protocol?: string;
}

export interface VolumeMount {
  name: string;
  mountPath: string;
  readOnly?: boolean;
}

export interface Volume {
  name: string;
  [source: string]: unknown;
}

export interface Probe {
  httpGet?: {
    path?: string;
    port: number | string;
    scheme?: string;
    host?: string;
    httpHeaders?: { name: string; value: string }[];
  };
  tcpSocket?: { port: number | string; host?: string };
  grpc?: { port: number; service?: string };
  timeoutSeconds?: number;
  [field: string]: unknown;
}

export const proxyContainerName = 'istio-proxy';
export const initContainerName = 'istio-init';

/** Labels that controllers put on pods and that differ between equal replicas. */
const perReplicaLabels = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'batch.kubernetes.io/job-completion-index',
  'controller-uid',
  'batch.kubernetes.io/controller-uid',
]);

/** The labels that all replicas of one template share. */
export function templateLabels(pod: Pod): Record<string, string> {
  const entries = Object.entries(pod.metadata.labels ?? {}).filter(([key]) => !perReplicaLabels.has(key));
  return Object.fromEntries(entries);
}

/**
 * The workload a pod belongs to, from its controller reference, with Istio's naming: a ReplicaSet's pod-template-hash is cut off, a
 * CronJob's Job its time stamp; a bare pod is its own workload.
 */
export function workloadOf(pod: Pod): { name: string; kind: string; apiVersion: string } {
  const owner = (pod.metadata.ownerReferences ?? []).find((reference) => reference.controller);
  const own = pod.metadata.name ?? (pod.metadata.generateName ?? '').replace(/-+$/, '');
  if (owner === undefined) return { name: own, kind: 'Pod', apiVersion: 'v1' };
  const hash = pod.metadata.labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)) {
    return { name: owner.name.slice(0, -hash.length - 1), kind: 'Deployment', apiVersion: 'apps/v1' };
  }
  const cron = owner.kind === 'Job' ? /^(.+)-\d{8,10}$/.exec(owner.name) : null;
  if (cron) return { name: cron[1] as string, kind: 'CronJob', apiVersion: 'batch/v1' };
  return { name: owner.name, kind: owner.kind, apiVersion: owner.apiVersion };
}

import type { KubeObject } from '../api/object.ts';
import { describe } from '../kube/resource.ts';

/** Whether an applied object does its work, and if not, what it waits for. `failed` means waiting will not help. */
export interface Health {
  readonly ready: boolean;
  readonly failed?: boolean;
  readonly message: string;
}

const ready: Health = { ready: true, message: '' };

interface DeploymentState {
  spec?: { replicas?: number };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  };
}

/** Health of one live object by kubectl's `rollout status` rules; kinds without a state of their own are ready when they exist. */
export function healthOf(live: KubeObject): Health {
  switch (live.kind) {
    case 'Deployment':
      return deploymentHealth(live);
    case 'MutatingWebhookConfiguration':
      return webhookHealth(live);
    default:
      return ready;
  }
}

function deploymentHealth(live: KubeObject): Health {
  const { spec, status = {} } = live as DeploymentState;
  const wanted = spec?.replicas ?? 1;
  const notReady = (message: string): Health => ({ ready: false, message: `${describe(live)}: ${message}` });
  if ((status.observedGeneration ?? 0) < (live.metadata.generation ?? 0))
    return notReady('rollout not observed yet');
  const stuck = status.conditions?.find(
    (condition) => condition.type === 'ReplicaFailure' && condition.status === 'True',
  );
  if (stuck !== undefined) return { ...notReady(stuck.message ?? 'pods cannot be made'), failed: true };
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status;
  if (updatedReplicas < wanted) return notReady(`${updatedReplicas} of ${wanted} replicas updated`);
  if (availableReplicas < updatedReplicas || availableReplicas < wanted)
    return notReady(`${availableReplicas} of ${wanted} replicas available`);
  if (replicas > updatedReplicas)
    return notReady(`${replicas - updatedReplicas} old replicas pending termination`);
  return ready;
}

/** The injector works once the control plane has given it a certificate. */
function webhookHealth(live: KubeObject): Health {
  const webhooks = (live['webhooks'] ?? []) as { clientConfig?: { caBundle?: string } }[];
  if (webhooks.every((webhook) => (webhook.clientConfig?.caBundle ?? '') !== '')) return ready;
  return { ready: false, message: `${describe(live)}: no certificate from the control plane yet` };
}

interface PodState {
  metadata: { name: string };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    initContainerStatuses?: ContainerState[];
    containerStatuses?: ContainerState[];
    conditions?: { type: string; status: string; message?: string }[];
  };
}

interface ContainerState {
  name: string;
  ready?: boolean;
  restartCount?: number;
  state?: {
    waiting?: { reason?: string; message?: string };
    terminated?: { reason?: string; exitCode?: number };
  };
}

/** Why a workload's pods do not run, in the words of the kubelet; empty when nothing is to be said. */
export function podTrouble(pods: readonly KubeObject[]): string {
  return [...new Set(pods.map((pod) => troubleOf(pod as unknown as PodState)).filter(Boolean))].join('; ');
}

function troubleOf(pod: PodState): string {
  const { status = {} } = pod;
  for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    const waiting = container.state?.waiting;
    if (
      waiting?.reason !== undefined &&
      waiting.reason !== 'ContainerCreating' &&
      waiting.reason !== 'PodInitializing'
    ) {
      return `container ${container.name}: ${waiting.reason}${waiting.message === undefined ? '' : ` (${waiting.message})`}`;
    }
    const ended = container.state?.terminated;
    if (ended !== undefined && ended.exitCode !== 0)
      return `container ${container.name}: exited with code ${ended.exitCode ?? '?'}`;
  }
  const unscheduled = status.conditions?.find(
    (condition) => condition.type === 'PodScheduled' && condition.status === 'False',
  );
  return unscheduled?.message ?? '';
}

import type { KubeObject } from '../api/object.ts';

/** Kinds in the order they are applied; removal goes the other way. Unlisted kinds come before workloads. */
const kindOrder: readonly string[] = [
  'CustomResourceDefinition',
  'Namespace',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'ConfigMap',
  'Secret',
  'Service',
  '',
  'Deployment',
  'DaemonSet',
  'PodDisruptionBudget',
  'HorizontalPodAutoscaler',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
];

function rankOf(kind: string): number {
  const rank = kindOrder.indexOf(kind);
  return rank < 0 ? kindOrder.indexOf('') : rank;
}

/** The objects in apply order: by kind, then namespace, then name, so that output is byte-stable. */
export function inApplyOrder(objects: readonly KubeObject[]): KubeObject[] {
  const text = (object: KubeObject) => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
  return [...objects].sort(
    (a, b) => rankOf(a.kind) - rankOf(b.kind) || (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0),
  );
}

import type { KubeObject } from '../api/object.ts';
import type { Resource } from '../kube/client.ts';
import { resources } from '../kube/resource.ts';

/** Whose objects these are: an IstioOperator in the cluster. */
export interface Owner {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

export const ownerLabels = {
  uid: 'lateen.dev/owner-uid',
  /** As Istio's operator sets them, for people and scripts; pruning looks at the uid alone. */
  name: 'install.operator.istio.io/owning-resource',
  namespace: 'install.operator.istio.io/owning-resource-namespace',
} as const;

/** Field manager of every write of the installation, by operator and istioctl alike. */
export const fieldManager = 'lateen-operator';

/** Keeps an IstioOperator until what it made is gone. */
export const finalizer = 'istio-finalizer.install.istio.io';

/** An IstioOperator with this annotation set to "true" is a record only. */
export const ignoreAnnotation = 'install.istio.io/ignoreReconcile';

export const iopApiVersion = 'install.istio.io/v1alpha1';

export const iopResource: Resource = {
  group: 'install.istio.io',
  version: 'v1alpha1',
  plural: 'istiooperators',
  kind: 'IstioOperator',
  namespaced: true,
};

/** Every kind that templates render, in the order of removal. CRDs are not among them: removing one removes what users wrote. */
export const ownedResources: readonly Resource[] = [
  resources.validatingWebhooks,
  resources.mutatingWebhooks,
  resources.horizontalPodAutoscalers,
  resources.podDisruptionBudgets,
  resources.deployments,
  resources.services,
  resources.configMaps,
  resources.roleBindings,
  resources.roles,
  resources.clusterRoleBindings,
  resources.clusterRoles,
  resources.serviceAccounts,
  resources.namespaces,
];

/**
 * The object as its owner applies it. Only our own labels are added, never the owner's labels or annotations: Argo CD would take such a
 * child for one of its own. An owner reference where Kubernetes allows one lets garbage collection work without us.
 */
export function owned(object: KubeObject, owner: Owner): KubeObject {
  if (object.kind === 'CustomResourceDefinition') return object;
  const { metadata } = object;
  const labels = {
    ...metadata.labels,
    [ownerLabels.uid]: owner.uid,
    [ownerLabels.name]: owner.name,
    [ownerLabels.namespace]: owner.namespace,
  };
  const sameNamespace = metadata.namespace === owner.namespace;
  const reference = { apiVersion: iopApiVersion, kind: 'IstioOperator', name: owner.name, uid: owner.uid };
  return {
    ...object,
    metadata: { ...metadata, labels, ...(sameNamespace && { ownerReferences: [reference] }) },
  };
}

/** uid of the IstioOperator that an object in the cluster names as its owner. */
export function ownerUid(object: KubeObject): string | undefined {
  return object.metadata.labels?.[ownerLabels.uid];
}

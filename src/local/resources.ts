import type { Resource } from '../kube/client.ts';

function resource(apiVersion: string, kind: string, plural: string, namespaced = true): Resource {
  const slash = apiVersion.indexOf('/');
  return {
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    kind,
    plural,
    namespaced,
  };
}

/** The built-in collections the node agent, the controllers and the network work on. */
export const coreResources = {
  pods: resource('v1', 'Pod', 'pods'),
  bindings: resource('v1', 'Binding', 'bindings'),
  services: resource('v1', 'Service', 'services'),
  endpoints: resource('v1', 'Endpoints', 'endpoints'),
  endpointSlices: resource('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
  configMaps: resource('v1', 'ConfigMap', 'configmaps'),
  secrets: resource('v1', 'Secret', 'secrets'),
  nodes: resource('v1', 'Node', 'nodes', false),
  events: resource('v1', 'Event', 'events'),
  leases: resource('coordination.k8s.io/v1', 'Lease', 'leases'),
  namespaces: resource('v1', 'Namespace', 'namespaces', false),
  serviceAccounts: resource('v1', 'ServiceAccount', 'serviceaccounts'),
  persistentVolumeClaims: resource('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  deployments: resource('apps/v1', 'Deployment', 'deployments'),
  replicaSets: resource('apps/v1', 'ReplicaSet', 'replicasets'),
  daemonSets: resource('apps/v1', 'DaemonSet', 'daemonsets'),
  statefulSets: resource('apps/v1', 'StatefulSet', 'statefulsets'),
  controllerRevisions: resource('apps/v1', 'ControllerRevision', 'controllerrevisions'),
  jobs: resource('batch/v1', 'Job', 'jobs'),
  cronJobs: resource('batch/v1', 'CronJob', 'cronjobs'),
  podDisruptionBudgets: resource('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  horizontalPodAutoscalers: resource('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
} as const;

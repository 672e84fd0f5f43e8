import type { ApiResource } from '../resources/resource.ts';
import { crdStrategy } from './crd.ts';
import { namespaceStrategy } from './namespace.ts';
import { podStrategy } from './pod.ts';
import { serviceStrategy } from './service.ts';
import {
  autoscalerStrategy,
  bindingStrategy,
  configStrategy,
  csrStrategy,
  endpointSliceStrategy,
  networkPolicyStrategy,
  pathNamed,
  secretStrategy,
  webhookStrategy,
} from './small-kinds.ts';
import type { Strategy } from './strategy.ts';
import {
  cronJobStrategy,
  daemonSetStrategy,
  deploymentStrategy,
  jobStrategy,
  replicaSetStrategy,
  statefulSetStrategy,
} from './workload.ts';

const byTable: Record<string, Strategy> = {
  '/namespaces': namespaceStrategy,
  '/pods': podStrategy,
  '/services': serviceStrategy,
  '/secrets': secretStrategy,
  '/configmaps': configStrategy,
  'apps/deployments': deploymentStrategy,
  'apps/replicasets': replicaSetStrategy,
  'apps/statefulsets': statefulSetStrategy,
  'apps/daemonsets': daemonSetStrategy,
  'batch/jobs': jobStrategy,
  'batch/cronjobs': cronJobStrategy,
  'autoscaling/horizontalpodautoscalers': autoscalerStrategy,
  'rbac.authorization.k8s.io/roles': pathNamed,
  'rbac.authorization.k8s.io/clusterroles': pathNamed,
  'rbac.authorization.k8s.io/rolebindings': bindingStrategy,
  'rbac.authorization.k8s.io/clusterrolebindings': bindingStrategy,
  'networking.k8s.io/networkpolicies': networkPolicyStrategy,
  'discovery.k8s.io/endpointslices': endpointSliceStrategy,
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': webhookStrategy,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': webhookStrategy,
  'apiextensions.k8s.io/customresourcedefinitions': crdStrategy,
  'certificates.k8s.io/certificatesigningrequests': csrStrategy,
};

const plain: Strategy = {};

/** What a kind does beyond the generic rules; custom resources do nothing. */
export function strategyOf(resource: ApiResource): Strategy {
  return (resource.custom ? undefined : byTable[resource.table]) ?? plain;
}

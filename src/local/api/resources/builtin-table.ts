/**
 * The built-in resources. A row: apiVersion, kind, plural, short names, N (namespaced) or C (cluster), subresources, extras.
 * Extras: `cat:` categories, `table:` shared storage, `sel:` fields it can be selected by, `verbs:` when not all, `nogen` without generation.
 */
export const builtinRows = `
v1 Namespace namespaces ns C status,finalize sel:status.phase nogen verbs:create,delete,get,list,patch,update,watch
v1 Pod pods po N status,log,exec,attach,portforward,proxy,binding,eviction,ephemeralcontainers,resize cat:all sel:status.phase,spec.nodeName,spec.restartPolicy,spec.schedulerName,spec.serviceAccountName,spec.hostNetwork,status.podIP,status.nominatedNodeName
v1 PodTemplate podtemplates - N -
v1 Service services svc N status,proxy cat:all sel:spec.clusterIP,spec.type nogen
v1 Endpoints endpoints ep N - nogen
v1 ConfigMap configmaps cm N - nogen
v1 Secret secrets - N - sel:type nogen
v1 ServiceAccount serviceaccounts sa N token nogen
v1 Node nodes no C status,proxy sel:spec.unschedulable nogen
v1 Event events ev N - nogen sel:involvedObject.kind,involvedObject.namespace,involvedObject.name,involvedObject.uid,involvedObject.apiVersion,involvedObject.resourceVersion,involvedObject.fieldPath,reason,reportingComponent,source,type
v1 PersistentVolume persistentvolumes pv C status nogen
v1 PersistentVolumeClaim persistentvolumeclaims pvc N status nogen
v1 LimitRange limitranges limits N - nogen
v1 ResourceQuota resourcequotas quota N status nogen
v1 ReplicationController replicationcontrollers rc N status,scale cat:all sel:status.replicas
v1 ComponentStatus componentstatuses cs C - nogen verbs:get,list
v1 Binding bindings - N - verbs:create nogen
apps/v1 Deployment deployments deploy N status,scale cat:all
apps/v1 ReplicaSet replicasets rs N status,scale cat:all sel:status.replicas
apps/v1 StatefulSet statefulsets sts N status,scale cat:all
apps/v1 DaemonSet daemonsets ds N status cat:all
apps/v1 ControllerRevision controllerrevisions - N - nogen
batch/v1 Job jobs - N status cat:all sel:status.successful
batch/v1 CronJob cronjobs cj N status cat:all
autoscaling/v2 HorizontalPodAutoscaler horizontalpodautoscalers hpa N status cat:all nogen
autoscaling/v1 HorizontalPodAutoscaler horizontalpodautoscalers hpa N status cat:all nogen
policy/v1 PodDisruptionBudget poddisruptionbudgets pdb N status
rbac.authorization.k8s.io/v1 Role roles - N - nogen
rbac.authorization.k8s.io/v1 RoleBinding rolebindings - N - nogen
rbac.authorization.k8s.io/v1 ClusterRole clusterroles - C - nogen
rbac.authorization.k8s.io/v1 ClusterRoleBinding clusterrolebindings - C - nogen
discovery.k8s.io/v1 EndpointSlice endpointslices - N -
coordination.k8s.io/v1 Lease leases - N - nogen
events.k8s.io/v1 Event events ev N - table:/events nogen sel:regarding.kind,regarding.namespace,regarding.name,regarding.uid,reason,reportingController,type
networking.k8s.io/v1 Ingress ingresses ing N status
networking.k8s.io/v1 IngressClass ingressclasses - C -
networking.k8s.io/v1 NetworkPolicy networkpolicies netpol N -
networking.k8s.io/v1 IPAddress ipaddresses ip C - nogen
networking.k8s.io/v1 ServiceCIDR servicecidrs - C status nogen
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration mutatingwebhookconfigurations - C - cat:api-extensions
admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration validatingwebhookconfigurations - C - cat:api-extensions
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy validatingadmissionpolicies - C status cat:api-extensions
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings - C - cat:api-extensions
apiextensions.k8s.io/v1 CustomResourceDefinition customresourcedefinitions crd,crds C status cat:api-extensions
authentication.k8s.io/v1 TokenReview tokenreviews - C - verbs:create nogen
authentication.k8s.io/v1 SelfSubjectReview selfsubjectreviews - C - verbs:create nogen
authorization.k8s.io/v1 SubjectAccessReview subjectaccessreviews - C - verbs:create nogen
authorization.k8s.io/v1 SelfSubjectAccessReview selfsubjectaccessreviews - C - verbs:create nogen
authorization.k8s.io/v1 SelfSubjectRulesReview selfsubjectrulesreviews - C - verbs:create nogen
authorization.k8s.io/v1 LocalSubjectAccessReview localsubjectaccessreviews - N - verbs:create nogen
storage.k8s.io/v1 StorageClass storageclasses sc C - nogen
storage.k8s.io/v1 CSIDriver csidrivers - C - nogen
storage.k8s.io/v1 CSINode csinodes - C - nogen
storage.k8s.io/v1 VolumeAttachment volumeattachments - C status nogen
storage.k8s.io/v1 CSIStorageCapacity csistoragecapacities - N - nogen
scheduling.k8s.io/v1 PriorityClass priorityclasses pc C -
node.k8s.io/v1 RuntimeClass runtimeclasses - C - nogen
certificates.k8s.io/v1 CertificateSigningRequest certificatesigningrequests csr C status,approval nogen sel:spec.signerName
apiregistration.k8s.io/v1 APIService apiservices - C status cat:api-extensions nogen
`;

/** The package of the type tables that holds a group version's kinds. */
export const typePackages: Record<string, string> = {
  v1: 'io.k8s.api.core.v1',
  'apps/v1': 'io.k8s.api.apps.v1',
  'batch/v1': 'io.k8s.api.batch.v1',
  'autoscaling/v1': 'io.k8s.api.autoscaling.v1',
  'autoscaling/v2': 'io.k8s.api.autoscaling.v2',
  'policy/v1': 'io.k8s.api.policy.v1',
  'rbac.authorization.k8s.io/v1': 'io.k8s.api.rbac.v1',
  'discovery.k8s.io/v1': 'io.k8s.api.discovery.v1',
  'coordination.k8s.io/v1': 'io.k8s.api.coordination.v1',
  'events.k8s.io/v1': 'io.k8s.api.events.v1',
  'networking.k8s.io/v1': 'io.k8s.api.networking.v1',
  'admissionregistration.k8s.io/v1': 'io.k8s.api.admissionregistration.v1',
  'apiextensions.k8s.io/v1': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  'authentication.k8s.io/v1': 'io.k8s.api.authentication.v1',
  'authorization.k8s.io/v1': 'io.k8s.api.authorization.v1',
  'storage.k8s.io/v1': 'io.k8s.api.storage.v1',
  'scheduling.k8s.io/v1': 'io.k8s.api.scheduling.v1',
  'node.k8s.io/v1': 'io.k8s.api.node.v1',
  'certificates.k8s.io/v1': 'io.k8s.api.certificates.v1',
  'apiregistration.k8s.io/v1': 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
};

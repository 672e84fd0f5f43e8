/** Networking, discovery, coordination, events, RBAC, storage, scheduling, node, certificates. Notation: schema/notation.ts. */
export const networkingTypes = {
  package: 'io.k8s.api.networking.v1',
  text: `
Ingress: spec/2:IngressSpec status:IngressStatus
IngressSpec: ingressClassName/4:s* defaultBackend/1:IngressBackend tls:[IngressTLS] rules:[IngressRule]
IngressBackend: service/4:IngressServiceBackend resource/3:TypedLocalObjectReference
IngressServiceBackend: name:s! port:ServiceBackendPort
ServiceBackendPort#: name:s number:i
IngressTLS: hosts:[s] secretName:s
IngressRule: host:s http/2.1:HTTPIngressRuleValue
HTTPIngressRuleValue: paths:[HTTPIngressPath]!
HTTPIngressPath: path:s pathType/3:s!* backend/2:IngressBackend!
IngressStatus: loadBalancer:IngressLoadBalancerStatus
IngressLoadBalancerStatus: ingress:[IngressLoadBalancerIngress]
IngressLoadBalancerIngress: ip:s hostname:s ports/4:[IngressPortStatus]
IngressPortStatus: port:i! protocol:s! error:s*
IngressClass: spec/2:IngressClassSpec
IngressClassSpec: controller:s parameters:IngressClassParametersReference
IngressClassParametersReference: apiGroup:s* kind:s! name:s! scope:s*=Cluster namespace:s*
NetworkPolicy: spec/2:NetworkPolicySpec
NetworkPolicySpec: podSelector:LabelSelector ingress:[NetworkPolicyIngressRule] egress:[NetworkPolicyEgressRule] policyTypes:[s]
NetworkPolicyIngressRule: ports:[NetworkPolicyPort] from:[NetworkPolicyPeer]
NetworkPolicyEgressRule: ports:[NetworkPolicyPort] to:[NetworkPolicyPeer]
NetworkPolicyPort: protocol:s*=TCP port:is endPort:i*
NetworkPolicyPeer: podSelector:LabelSelector namespaceSelector:LabelSelector ipBlock:IPBlock
IPBlock: cidr:s! except:[s]
IPAddress: spec/2:IPAddressSpec
IPAddressSpec: parentRef:ParentReference!
ParentReference: group:s resource:s! namespace:s name:s!
ServiceCIDR: spec/2:ServiceCIDRSpec status:ServiceCIDRStatus
ServiceCIDRSpec: cidrs:[s]
ServiceCIDRStatus: conditions:[Condition]@type
`,
};

export const discoveryTypes = {
  package: 'io.k8s.api.discovery.v1',
  text: `
EndpointSlice: addressType/4:s<FQDN,IPv4,IPv6>! endpoints/2:[Endpoint]!^ ports:[EndpointPort]
Endpoint: addresses:[s]! conditions:EndpointConditions hostname:s* targetRef:ObjectReference deprecatedTopology:{s} nodeName:s* zone:s* hints:EndpointHints
EndpointConditions: ready:b* serving:b* terminating:b*
EndpointHints: forZones:[ForZone] forNodes:[ForNode]
ForZone: name:s!
ForNode: name:s!
EndpointPort#: name:s*="" protocol:s*=TCP port:i* appProtocol:s*
`,
};

export const coordinationTypes = {
  package: 'io.k8s.api.coordination.v1',
  text: `
Lease: spec/2:LeaseSpec
LeaseSpec: holderIdentity:s* leaseDurationSeconds:i* acquireTime:mt renewTime:mt leaseTransitions:i* strategy:s* preferredHolder:s*
`,
};

export const eventsTypes = {
  package: 'io.k8s.api.events.v1',
  text: `
Event: eventTime/2:mt series:EventSeries reportingController:s reportingInstance:s action:s reason:s regarding:ObjectReference related:ObjectReference note:s type:s deprecatedSource:EventSource deprecatedFirstTimestamp:t deprecatedLastTimestamp:t deprecatedCount:i
EventSeries: count:i! lastObservedTime:mt!
`,
};

export const rbacTypes = {
  package: 'io.k8s.api.rbac.v1',
  text: `
Role: rules/2:[PolicyRule]
ClusterRole: rules/2:[PolicyRule] aggregationRule:AggregationRule
AggregationRule: clusterRoleSelectors:[LabelSelector]
PolicyRule: verbs:[s]! apiGroups:[s] resources:[s] resourceNames:[s] nonResourceURLs:[s]
RoleBinding: subjects/2:[Subject] roleRef:RoleRef!
ClusterRoleBinding: subjects/2:[Subject] roleRef:RoleRef!
Subject#: kind:s! apiGroup:s name:s! namespace:s
RoleRef#: apiGroup:s^=rbac.authorization.k8s.io kind:s! name:s!
`,
};

export const storageTypes = {
  package: 'io.k8s.api.storage.v1',
  text: `
StorageClass: provisioner/2:s! parameters:{s} reclaimPolicy:s*=Delete mountOptions:[s] allowVolumeExpansion:b* volumeBindingMode:s*=Immediate allowedTopologies:[TopologySelectorTerm]
TopologySelectorTerm#: matchLabelExpressions:[TopologySelectorLabelRequirement]
TopologySelectorLabelRequirement: key:s! values:[s]!
CSIDriver: spec/2:any
CSINode: spec/2:CSINodeSpec
CSINodeSpec: drivers:[CSINodeDriver]@name!^
CSINodeDriver: name:s! nodeID:s! topologyKeys:[s] allocatable:any
VolumeAttachment: spec/2:any status:any
CSIStorageCapacity: nodeTopology/2:LabelSelector storageClassName:s! capacity:q maximumVolumeSize:q
`,
};

export const schedulingTypes = {
  package: 'io.k8s.api.scheduling.v1',
  text: `
PriorityClass: value/2:i! globalDefault:b description:s preemptionPolicy:s*=PreemptLowerPriority
`,
};

export const nodeTypes = {
  package: 'io.k8s.api.node.v1',
  text: `
RuntimeClass: handler/2:s! overhead:Overhead scheduling:Scheduling
Overhead: podFixed:{q}
Scheduling: nodeSelector:{s}# tolerations:[Toleration]
`,
};

export const certificatesTypes = {
  package: 'io.k8s.api.certificates.v1',
  text: `
CertificateSigningRequest: spec/2:CertificateSigningRequestSpec! status:CertificateSigningRequestStatus
CertificateSigningRequestSpec: request:bytes! signerName/7:s! expirationSeconds:i* usages/5:[s] username/2:s uid:s groups:[s] extra/6:{StringList}
CertificateSigningRequestStatus: conditions:[CertificateSigningRequestCondition]@type certificate:bytes
CertificateSigningRequestCondition: type:s! status/6:s! reason/2:s message:s lastUpdateTime:t lastTransitionTime:t
`,
};

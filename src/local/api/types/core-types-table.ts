/** core/v1. Notation: schema/notation.ts. */
export const coreTypes = {
  package: 'io.k8s.api.core.v1',
  text: `
Pod: spec:PodSpec status:PodStatus
PodTemplate: template:PodTemplateSpec
PodTemplateSpec: metadata:ObjectMeta spec:PodSpec
PodSpec: volumes:[Volume]@name~ initContainers:[Container]@name containers:[Container]@name! ephemeralContainers:[EphemeralContainer]@name restartPolicy:s<Always,OnFailure,Never>=Always terminationGracePeriodSeconds:l=30 activeDeadlineSeconds:l dnsPolicy:s<ClusterFirstWithHostNet,ClusterFirst,Default,None>=ClusterFirst nodeSelector:{s}# serviceAccountName:s serviceAccount:s automountServiceAccountToken:b nodeName:s hostNetwork:b hostPID:b hostIPC:b shareProcessNamespace:b securityContext:PodSecurityContext={} imagePullSecrets:[LocalObjectReference]@name hostname:s subdomain:s affinity:Affinity schedulerName:s=default-scheduler tolerations:[Toleration] hostAliases:[HostAlias]@ip priorityClassName:s priority:i dnsConfig:PodDNSConfig readinessGates:[PodReadinessGate] runtimeClassName:s enableServiceLinks:b=true preemptionPolicy:s overhead:{q} topologySpreadConstraints:[TopologySpreadConstraint]@topologyKey(topologyKey,whenUnsatisfiable) setHostnameAsFQDN:b os:PodOS hostUsers:b schedulingGates:[PodSchedulingGate]@name resourceClaims:[PodResourceClaim]@name~ resources:ResourceRequirements hostnameOverride:s
PodStatus: observedGeneration:l phase:s conditions:[PodCondition]@type message:s reason:s nominatedNodeName:s hostIP:s hostIPs:[HostIP] podIP:s podIPs:[PodIP]@ip startTime:t initContainerStatuses:[ContainerStatus] containerStatuses:[ContainerStatus] qosClass:s ephemeralContainerStatuses:[ContainerStatus] resize:s resourceClaimStatuses:[PodResourceClaimStatus]@name~ extendedResourceClaimStatus:any allocatedResources:{q} resources:ResourceRequirements
PodCondition: type:s! observedGeneration:l status:s! lastProbeTime:t lastTransitionTime:t reason:s message:s
HostIP: ip:s!
PodIP: ip:s!
PodResourceClaimStatus: name:s! resourceClaimName:s
PodOS: name:s!
PodSchedulingGate: name:s!
PodResourceClaim: name:s! resourceClaimName:s resourceClaimTemplateName:s
PodReadinessGate: conditionType:s!
HostAlias: ip:s! hostnames:[s]
PodDNSConfig: nameservers:[s] searches:[s] options:[PodDNSConfigOption]
PodDNSConfigOption: name:s value:s^
PodSecurityContext: seLinuxOptions:SELinuxOptions windowsOptions:WindowsSecurityContextOptions runAsUser:l runAsGroup:l runAsNonRoot:b supplementalGroups:[l] supplementalGroupsPolicy:s fsGroup:l sysctls:[Sysctl] fsGroupChangePolicy:s seccompProfile:SeccompProfile appArmorProfile:AppArmorProfile seLinuxChangePolicy:s
SecurityContext: capabilities:Capabilities privileged:b seLinuxOptions:SELinuxOptions windowsOptions:WindowsSecurityContextOptions runAsUser:l runAsGroup:l runAsNonRoot:b readOnlyRootFilesystem:b allowPrivilegeEscalation:b procMount:s seccompProfile:SeccompProfile appArmorProfile:AppArmorProfile
SELinuxOptions: user:s role:s type:s level:s
WindowsSecurityContextOptions: gmsaCredentialSpecName:s gmsaCredentialSpec:s runAsUserName:s hostProcess:b
SeccompProfile: type:s! localhostProfile:s
AppArmorProfile: type:s! localhostProfile:s
Capabilities: add:[s] drop:[s]
Sysctl: name:s! value:s!
Affinity: nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAffinity
NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution:NodeSelector preferredDuringSchedulingIgnoredDuringExecution:[PreferredSchedulingTerm]
NodeSelector#: nodeSelectorTerms:[NodeSelectorTerm]!
NodeSelectorTerm#: matchExpressions:[NodeSelectorRequirement] matchFields:[NodeSelectorRequirement]
NodeSelectorRequirement: key:s! operator:s! values:[s]
PreferredSchedulingTerm: weight:i! preference:NodeSelectorTerm!
PodAffinity: requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm] preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
WeightedPodAffinityTerm: weight:i! podAffinityTerm:PodAffinityTerm!
PodAffinityTerm: labelSelector:LabelSelector namespaces:[s] topologyKey:s! namespaceSelector:LabelSelector matchLabelKeys:[s] mismatchLabelKeys:[s]
Toleration: key:s operator:s<Equal,Exists,Lt,Gt> value:s effect:s<NoSchedule,PreferNoSchedule,NoExecute> tolerationSeconds:l
TopologySpreadConstraint: maxSkew:i! topologyKey:s! whenUnsatisfiable:s! labelSelector:LabelSelector minDomains:i nodeAffinityPolicy:s nodeTaintsPolicy:s matchLabelKeys:[s]
Container: name:s! image:s command:[s] args:[s] workingDir:s ports:[ContainerPort]@containerPort(containerPort,protocol) envFrom:[EnvFromSource] env:[EnvVar]@name resources:ResourceRequirements={} resizePolicy:[ContainerResizePolicy] restartPolicy:s restartPolicyRules:[any] volumeMounts:[VolumeMount]@mountPath volumeDevices:[VolumeDevice]@devicePath livenessProbe:Probe readinessProbe:Probe startupProbe:Probe lifecycle:Lifecycle terminationMessagePath:s=/dev/termination-log terminationMessagePolicy:s<File,FallbackToLogsOnError>=File imagePullPolicy:s<Always,IfNotPresent,Never> securityContext:SecurityContext stdin:b stdinOnce:b tty:b
EphemeralContainer: ...Container targetContainerName:s
ContainerResizePolicy: resourceName:s! restartPolicy:s!
ContainerPort: name:s hostPort:i containerPort:i! protocol:s<SCTP,TCP,UDP>=TCP hostIP:s
EnvVar: name:s! value:s valueFrom:EnvVarSource
EnvVarSource: fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector configMapKeyRef:ConfigMapKeySelector secretKeyRef:SecretKeySelector fileKeyRef:FileKeySelector
FileKeySelector#: volumeName:s! path:s! key:s! optional:b=false
EnvFromSource: prefix:s configMapRef:ConfigMapEnvSource secretRef:SecretEnvSource
ConfigMapEnvSource: name:s optional:b
SecretEnvSource: name:s optional:b
ObjectFieldSelector#: apiVersion:s=v1 fieldPath:s!
ResourceFieldSelector#: containerName:s resource:s! divisor:q=0
ConfigMapKeySelector#: name:s key:s! optional:b
SecretKeySelector#: name:s key:s! optional:b
ResourceRequirements: limits:{q} requests:{q} claims:[ResourceClaimRef]@name
ResourceClaimRef: name:s! request:s
VolumeMount: name:s! readOnly:b recursiveReadOnly:s mountPath:s! subPath:s mountPropagation:s subPathExpr:s
VolumeDevice: name:s! devicePath:s!
Probe: ...ProbeHandler initialDelaySeconds:i timeoutSeconds:i=1 periodSeconds:i=10 successThreshold:i=1 failureThreshold:i=3 terminationGracePeriodSeconds:l
ProbeHandler: exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction grpc:GRPCAction
GRPCAction: port:i! service:s=""
ExecAction: command:[s]
HTTPGetAction: path:s=/ port:is! host:s scheme:s<HTTP,HTTPS>=HTTP httpHeaders:[HTTPHeader]
HTTPHeader: name:s! value:s!^
TCPSocketAction: port:is! host:s
Lifecycle: postStart:LifecycleHandler preStop:LifecycleHandler stopSignal:s
LifecycleHandler: exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction sleep:SleepAction
SleepAction: seconds:l!
Volume: name:s! hostPath:HostPathVolumeSource emptyDir:EmptyDirVolumeSource gcePersistentDisk:any awsElasticBlockStore:any gitRepo:GitRepoVolumeSource secret:SecretVolumeSource nfs:NFSVolumeSource iscsi:any glusterfs:any persistentVolumeClaim:PersistentVolumeClaimVolumeSource rbd:any flexVolume:any cinder:any cephfs:any flocker:any downwardAPI:DownwardAPIVolumeSource fc:any azureFile:any configMap:ConfigMapVolumeSource vsphereVolume:any quobyte:any azureDisk:any photonPersistentDisk:any projected:ProjectedVolumeSource portworxVolume:any scaleIO:any storageos:any csi:CSIVolumeSource ephemeral:EphemeralVolumeSource image:ImageVolumeSource
HostPathVolumeSource: path:s! type:s=""
EmptyDirVolumeSource: medium:s sizeLimit:q
GitRepoVolumeSource: repository:s! revision:s directory:s
NFSVolumeSource: server:s! path:s! readOnly:b
SecretVolumeSource: secretName:s items:[KeyToPath] defaultMode:i=420 optional:b
ConfigMapVolumeSource: name:s items:[KeyToPath] defaultMode:i=420 optional:b
KeyToPath: key:s! path:s! mode:i
PersistentVolumeClaimVolumeSource: claimName:s! readOnly:b
DownwardAPIVolumeSource: items:[DownwardAPIVolumeFile] defaultMode:i=420
DownwardAPIVolumeFile: path:s! fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector mode:i
ProjectedVolumeSource: sources:[VolumeProjection] defaultMode:i=420
VolumeProjection: secret:SecretProjection downwardAPI:DownwardAPIProjection configMap:ConfigMapProjection serviceAccountToken:ServiceAccountTokenProjection clusterTrustBundle:ClusterTrustBundleProjection podCertificate:any
SecretProjection: name:s items:[KeyToPath] optional:b
ConfigMapProjection: name:s items:[KeyToPath] optional:b
DownwardAPIProjection: items:[DownwardAPIVolumeFile]
ServiceAccountTokenProjection: audience:s expirationSeconds:l=3600 path:s!
ClusterTrustBundleProjection: name:s signerName:s labelSelector:LabelSelector optional:b path:s!
CSIVolumeSource: driver:s! readOnly:b fsType:s volumeAttributes:{s} nodePublishSecretRef:LocalObjectReference
EphemeralVolumeSource: volumeClaimTemplate:PersistentVolumeClaimTemplate
PersistentVolumeClaimTemplate: metadata:ObjectMeta spec:PersistentVolumeClaimSpec!
ImageVolumeSource: reference:s pullPolicy:s
ContainerStatus: name:s! state:ContainerState lastState:ContainerState ready:b! restartCount:i! image:s! imageID:s!^ containerID:s started:b allocatedResources:{q} resources:ResourceRequirements volumeMounts:[VolumeMountStatus]@mountPath user:any allocatedResourcesStatus:[any] stopSignal:s
VolumeMountStatus: name:s! mountPath:s! readOnly:b recursiveReadOnly:s volumeStatus:any
ContainerState: waiting:ContainerStateWaiting running:ContainerStateRunning terminated:ContainerStateTerminated
ContainerStateWaiting: reason:s message:s
ContainerStateRunning: startedAt:t
ContainerStateTerminated: exitCode:i! signal:i reason:s message:s startedAt:t finishedAt:t containerID:s
LocalObjectReference#: name:s
ObjectReference#: kind:s namespace:s name:s uid:s apiVersion:s resourceVersion:s fieldPath:s
TypedLocalObjectReference#: apiGroup:s kind:s! name:s!
TypedObjectReference: apiGroup:s kind:s! name:s! namespace:s
SecretReference#: name:s namespace:s
Binding: target:ObjectReference!
Service: spec:ServiceSpec status:ServiceStatus
ServiceSpec: ports:[ServicePort]@port(port,protocol) selector:{s}# clusterIP:s clusterIPs:[s] type:s<ClusterIP,ExternalName,LoadBalancer,NodePort>=ClusterIP externalIPs:[s] sessionAffinity:s<ClientIP,None>=None loadBalancerIP:s loadBalancerSourceRanges:[s] externalName:s externalTrafficPolicy:s<Cluster,Local> healthCheckNodePort:i publishNotReadyAddresses:b sessionAffinityConfig:SessionAffinityConfig ipFamilies:[s] ipFamilyPolicy:s allocateLoadBalancerNodePorts:b loadBalancerClass:s internalTrafficPolicy:s<Cluster,Local> trafficDistribution:s
ServicePort: name:s protocol:s<SCTP,TCP,UDP>=TCP appProtocol:s port:i! targetPort:is nodePort:i
SessionAffinityConfig: clientIP:ClientIPConfig
ClientIPConfig: timeoutSeconds:i
ServiceStatus: loadBalancer:LoadBalancerStatus conditions:[Condition]@type
LoadBalancerStatus: ingress:[LoadBalancerIngress]
LoadBalancerIngress: ip:s hostname:s ipMode:s ports:[PortStatus]
PortStatus: port:i! protocol:s! error:s
Endpoints: subsets:[EndpointSubset]
EndpointSubset: addresses:[EndpointAddress] notReadyAddresses:[EndpointAddress] ports:[EndpointPort]
EndpointAddress#: ip:s! hostname:s nodeName:s targetRef:ObjectReference
EndpointPort#: name:s port:i! protocol:s=TCP appProtocol:s
Namespace: spec:NamespaceSpec status:NamespaceStatus
NamespaceSpec: finalizers:[s]
NamespaceStatus: phase:s conditions:[NamespaceCondition]@type
NamespaceCondition: type:s! status:s! lastTransitionTime:t reason:s message:s
ConfigMap: data:{s} binaryData:{bytes} immutable:b
Secret: data:{bytes} stringData:{s} type:s=Opaque immutable:b
ServiceAccount: secrets:[ObjectReference]@name imagePullSecrets:[LocalObjectReference] automountServiceAccountToken:b
Node: spec:NodeSpec status:NodeStatus
NodeSpec: podCIDR:s podCIDRs:[s]% providerID:s unschedulable:b taints:[Taint] configSource:any externalID:s
Taint: key:s! value:s effect:s! timeAdded:t
NodeStatus: capacity:{q} allocatable:{q} phase:s conditions:[NodeCondition]@type addresses:[NodeAddress]@type daemonEndpoints:NodeDaemonEndpoints nodeInfo:NodeSystemInfo images:[ContainerImage] volumesInUse:[s] volumesAttached:[any] config:any runtimeHandlers:[NodeRuntimeHandler] features:NodeFeatures declaredFeatures:[s]
NodeCondition: type:s! status:s! lastHeartbeatTime:t lastTransitionTime:t reason:s message:s
NodeAddress: type:s! address:s!
NodeDaemonEndpoints: kubeletEndpoint:DaemonEndpoint
DaemonEndpoint: Port:i!
NodeSystemInfo: machineID:s!^ systemUUID:s!^ bootID:s!^ kernelVersion:s!^ osImage:s!^ containerRuntimeVersion:s!^ kubeletVersion:s!^ kubeProxyVersion:s!^ operatingSystem:s!^ architecture:s!^ swap:any
ContainerImage: names:[s] sizeBytes:l
NodeRuntimeHandler: name:s features:any
NodeFeatures: supplementalGroupsPolicy:b
Event: involvedObject:ObjectReference! reason:s message:s source:EventSource firstTimestamp:t lastTimestamp:t count:i type:s eventTime:mt series:EventSeries action:s related:ObjectReference reportingComponent:s^ reportingInstance:s^
EventSource: component:s host:s
EventSeries: count:i lastObservedTime:mt
PersistentVolume: spec:PersistentVolumeSpec status:PersistentVolumeStatus
PersistentVolumeSpec: capacity:{q} accessModes:[s] claimRef:ObjectReference persistentVolumeReclaimPolicy:s=Retain storageClassName:s mountOptions:[s] volumeMode:s=Filesystem nodeAffinity:VolumeNodeAffinity volumeAttributesClassName:s hostPath:HostPathVolumeSource local:LocalVolumeSource nfs:NFSVolumeSource csi:any awsElasticBlockStore:any azureDisk:any azureFile:any cephfs:any cinder:any fc:any flexVolume:any flocker:any gcePersistentDisk:any glusterfs:any iscsi:any photonPersistentDisk:any portworxVolume:any quobyte:any rbd:any scaleIO:any storageos:any vsphereVolume:any
LocalVolumeSource: path:s! fsType:s
VolumeNodeAffinity: required:NodeSelector
PersistentVolumeStatus: phase:s message:s reason:s lastPhaseTransitionTime:t
PersistentVolumeClaim: spec:PersistentVolumeClaimSpec status:PersistentVolumeClaimStatus
PersistentVolumeClaimSpec: accessModes:[s] selector:LabelSelector resources:VolumeResourceRequirements volumeName:s storageClassName:s^ volumeMode:s=Filesystem dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference volumeAttributesClassName:s
VolumeResourceRequirements: limits:{q} requests:{q}
PersistentVolumeClaimStatus: phase:s accessModes:[s] capacity:{q} conditions:[PersistentVolumeClaimCondition]@type allocatedResources:{q} allocatedResourceStatuses:{s} currentVolumeAttributesClassName:s modifyVolumeStatus:any
PersistentVolumeClaimCondition: type:s! status:s! lastProbeTime:t lastTransitionTime:t reason:s message:s
LimitRange: spec:LimitRangeSpec
LimitRangeSpec: limits:[LimitRangeItem]!
LimitRangeItem: type:s! max:{q} min:{q} default:{q} defaultRequest:{q} maxLimitRequestRatio:{q}
ResourceQuota: spec:ResourceQuotaSpec status:ResourceQuotaStatus
ResourceQuotaSpec: hard:{q} scopes:[s] scopeSelector:ScopeSelector
ScopeSelector: matchExpressions:[ScopedResourceSelectorRequirement]
ScopedResourceSelectorRequirement: scopeName:s! operator:s! values:[s]
ResourceQuotaStatus: hard:{q} used:{q}
ReplicationController: spec:ReplicationControllerSpec status:ReplicationControllerStatus
ReplicationControllerSpec: replicas:i=1 minReadySeconds:i selector:{s}# template:PodTemplateSpec
ReplicationControllerStatus: replicas:i! fullyLabeledReplicas:i readyReplicas:i availableReplicas:i observedGeneration:l conditions:[WorkloadCondition]@type
WorkloadCondition: type:s! status:s! lastUpdateTime:t lastTransitionTime:t reason:s message:s
ComponentStatus: conditions:[ComponentCondition]@type
ComponentCondition: type:s! status:s! message:s error:s
`,
};

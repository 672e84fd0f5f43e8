/** core/v1. Notation: schema/notation.ts. */
export const coreTypes = {
  package: 'io.k8s.api.core.v1',
  text: `
Pod: spec/2:PodSpec status:PodStatus
PodTemplate: template/2:PodTemplateSpec
PodTemplateSpec: metadata:ObjectMeta spec:PodSpec
PodSpec: volumes:[Volume]@name~ initContainers/20:[Container]@name containers/2:[Container]@name! ephemeralContainers/34:[EphemeralContainer]@name restartPolicy/3:s<Always,OnFailure,Never>=Always terminationGracePeriodSeconds:l*=30 activeDeadlineSeconds:l* dnsPolicy:s<ClusterFirstWithHostNet,ClusterFirst,Default,None>=ClusterFirst nodeSelector:{s}# serviceAccountName:s serviceAccount:s automountServiceAccountToken/21:b* nodeName/10:s hostNetwork:b hostPID:b hostIPC:b shareProcessNamespace/27:b* securityContext/14:PodSecurityContext={} imagePullSecrets:[LocalObjectReference]@name hostname:s subdomain:s affinity:Affinity schedulerName:s=default-scheduler tolerations/22:[Toleration] hostAliases:[HostAlias]@ip priorityClassName:s priority:i* dnsConfig:PodDNSConfig readinessGates/28:[PodReadinessGate] runtimeClassName:s* enableServiceLinks:b* preemptionPolicy:s* overhead:{q} topologySpreadConstraints:[TopologySpreadConstraint]@topologyKey(topologyKey,whenUnsatisfiable) setHostnameAsFQDN/35:b* os:PodOS hostUsers:b* schedulingGates:[PodSchedulingGate]@name resourceClaims:[PodResourceClaim]@name~ resources:ResourceRequirements hostnameOverride:s*
PodStatus: observedGeneration/17:l phase/1:s conditions:[PodCondition]@type message:s reason:s nominatedNodeName/11:s hostIP/5:s hostIPs/16:[HostIP] podIP/6:s podIPs/12:[PodIP]@ip startTime/7:t initContainerStatuses/10:[ContainerStatus] containerStatuses/8:[ContainerStatus] qosClass:s ephemeralContainerStatuses/13:[ContainerStatus] resize:s resourceClaimStatuses:[PodResourceClaimStatus]@name~ extendedResourceClaimStatus/18:any allocatedResources:{q} resources:ResourceRequirements
PodCondition: type:s! observedGeneration/7:l status/2:s! lastProbeTime:t lastTransitionTime:t reason:s message:s
HostIP: ip:s!
PodIP: ip:s!
PodResourceClaimStatus: name:s! resourceClaimName:s*
PodOS: name:s!
PodSchedulingGate: name:s!
PodResourceClaim: name:s! resourceClaimName/3:s* resourceClaimTemplateName:s*
PodReadinessGate: conditionType:s!
HostAlias: ip:s! hostnames:[s]
PodDNSConfig: nameservers:[s] searches:[s] options:[PodDNSConfigOption]
PodDNSConfigOption: name:s value:s*
PodSecurityContext: seLinuxOptions:SELinuxOptions windowsOptions/8:WindowsSecurityContextOptions runAsUser/2:l* runAsGroup/6:l* runAsNonRoot/3:b* supplementalGroups:[l] supplementalGroupsPolicy/12:s* fsGroup/5:l* sysctls/7:[Sysctl] fsGroupChangePolicy/9:s* seccompProfile:SeccompProfile appArmorProfile:AppArmorProfile seLinuxChangePolicy/13:s*
SecurityContext: capabilities:Capabilities privileged:b* seLinuxOptions:SELinuxOptions windowsOptions/10:WindowsSecurityContextOptions runAsUser/4:l* runAsGroup/8:l* runAsNonRoot/5:b* readOnlyRootFilesystem:b* allowPrivilegeEscalation:b* procMount/9:s* seccompProfile/11:SeccompProfile appArmorProfile:AppArmorProfile
SELinuxOptions: user:s role:s type:s level:s
WindowsSecurityContextOptions: gmsaCredentialSpecName:s* gmsaCredentialSpec:s* runAsUserName:s* hostProcess:b*
SeccompProfile: type:s! localhostProfile:s*
AppArmorProfile: type:s! localhostProfile:s*
Capabilities: add:[s] drop:[s]
Sysctl: name:s! value:s!
Affinity: nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity
NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution:NodeSelector preferredDuringSchedulingIgnoredDuringExecution:[PreferredSchedulingTerm]
NodeSelector#: nodeSelectorTerms:[NodeSelectorTerm]!
NodeSelectorTerm#: matchExpressions:[NodeSelectorRequirement] matchFields:[NodeSelectorRequirement]
NodeSelectorRequirement: key:s! operator:s! values:[s]
PreferredSchedulingTerm: weight:i! preference:NodeSelectorTerm!
PodAffinity: requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm] preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
PodAntiAffinity: requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm] preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
WeightedPodAffinityTerm: weight:i! podAffinityTerm:PodAffinityTerm!
PodAffinityTerm: labelSelector:LabelSelector namespaces:[s] topologyKey:s! namespaceSelector:LabelSelector matchLabelKeys:[s] mismatchLabelKeys:[s]
Toleration: key:s operator:s<Equal,Exists,Lt,Gt> value:s effect:s<NoSchedule,PreferNoSchedule,NoExecute> tolerationSeconds:l*
TopologySpreadConstraint: maxSkew:i! topologyKey:s! whenUnsatisfiable:s! labelSelector:LabelSelector minDomains:i* nodeAffinityPolicy:s* nodeTaintsPolicy:s* matchLabelKeys:[s]
Container: name:s! image:s command:[s] args:[s] workingDir:s ports:[ContainerPort]@containerPort(containerPort,protocol) envFrom/19:[EnvFromSource] env/7:[EnvVar]@name resources:ResourceRequirements={} resizePolicy/23:[ContainerResizePolicy] restartPolicy:s* restartPolicyRules:[any] volumeMounts/9:[VolumeMount]@mountPath volumeDevices/21:[VolumeDevice]@devicePath livenessProbe/10:Probe readinessProbe:Probe startupProbe/22:Probe lifecycle/12:Lifecycle terminationMessagePath:s=/dev/termination-log terminationMessagePolicy/20:s<File,FallbackToLogsOnError>=File imagePullPolicy/14:s<Always,IfNotPresent,Never> securityContext:SecurityContext stdin:b stdinOnce:b tty:b
EphemeralContainer: ...Container/1 targetContainerName:s
ContainerResizePolicy: resourceName:s! restartPolicy:s!
ContainerPort: name:s hostPort:i containerPort:i! protocol:s<SCTP,TCP,UDP>=TCP hostIP:s
EnvVar: name:s! value:s valueFrom:EnvVarSource
EnvVarSource: fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector configMapKeyRef:ConfigMapKeySelector secretKeyRef:SecretKeySelector fileKeyRef:FileKeySelector
FileKeySelector#: volumeName:s! path:s! key:s! optional:b*=false
EnvFromSource: prefix:s configMapRef:ConfigMapEnvSource secretRef:SecretEnvSource
ConfigMapEnvSource: name/1.1:s optional/2:b*
SecretEnvSource: name/1.1:s optional/2:b*
ObjectFieldSelector#: apiVersion:s=v1 fieldPath:s!
ResourceFieldSelector#: containerName:s resource:s! divisor:q=0
ConfigMapKeySelector#: name/1.1:s key/2:s! optional:b*
SecretKeySelector#: name/1.1:s key/2:s! optional:b*
ResourceRequirements: limits:{q} requests:{q} claims:[ResourceClaim]@name
ResourceClaim: name:s! request:s
VolumeMount: name:s! readOnly:b recursiveReadOnly/7:s* mountPath/3:s! subPath:s mountPropagation:s* subPathExpr:s
VolumeDevice: name:s! devicePath:s!
Probe: ...ProbeHandler/1 initialDelaySeconds:i timeoutSeconds:i=1 periodSeconds:i=10 successThreshold:i=1 failureThreshold:i=3 terminationGracePeriodSeconds:l*
ProbeHandler: exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction grpc:GRPCAction
GRPCAction: port:i! service:s*=""
ExecAction: command:[s]
HTTPGetAction: path:s=/ port:is! host:s scheme:s<HTTP,HTTPS>=HTTP httpHeaders:[HTTPHeader]
HTTPHeader: name:s! value:s!^
TCPSocketAction: port:is! host:s
Lifecycle: postStart:LifecycleHandler preStop:LifecycleHandler stopSignal:s*
LifecycleHandler: exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction sleep:SleepAction
SleepAction: seconds:l!
Volume: name:s! hostPath/2.1:HostPathVolumeSource emptyDir:EmptyDirVolumeSource gcePersistentDisk:any awsElasticBlockStore:any gitRepo:GitRepoVolumeSource secret:SecretVolumeSource nfs:NFSVolumeSource iscsi:any glusterfs:any persistentVolumeClaim:PersistentVolumeClaimVolumeSource rbd:any flexVolume:any cinder:any cephfs:any flocker:any downwardAPI:DownwardAPIVolumeSource fc:any azureFile:any configMap:ConfigMapVolumeSource vsphereVolume:any quobyte:any azureDisk:any photonPersistentDisk:any projected/2.26:ProjectedVolumeSource portworxVolume/2.24:any scaleIO:any storageos/2.27:any csi:CSIVolumeSource ephemeral:EphemeralVolumeSource image:ImageVolumeSource
HostPathVolumeSource: path:s! type:s*=""
EmptyDirVolumeSource: medium:s sizeLimit:q
GitRepoVolumeSource: repository:s! revision:s directory:s
NFSVolumeSource: server:s! path:s! readOnly:b
SecretVolumeSource: secretName:s items:[KeyToPath] defaultMode:i*=420 optional:b*
ConfigMapVolumeSource: name/1.1:s items/2:[KeyToPath] defaultMode:i*=420 optional:b*
KeyToPath: key:s! path:s! mode:i*
PersistentVolumeClaimVolumeSource: claimName:s! readOnly:b
DownwardAPIVolumeSource: items:[DownwardAPIVolumeFile] defaultMode:i*=420
DownwardAPIVolumeFile: path:s! fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector mode:i*
ProjectedVolumeSource: sources:[VolumeProjection] defaultMode:i*=420
VolumeProjection: secret:SecretProjection downwardAPI:DownwardAPIProjection configMap:ConfigMapProjection serviceAccountToken:ServiceAccountTokenProjection clusterTrustBundle:ClusterTrustBundleProjection podCertificate:any
SecretProjection: name/1.1:s items/2:[KeyToPath] optional/4:b*
ConfigMapProjection: name/1.1:s items/2:[KeyToPath] optional/4:b*
DownwardAPIProjection: items:[DownwardAPIVolumeFile]
ServiceAccountTokenProjection: audience:s expirationSeconds:l*=3600 path:s!
ClusterTrustBundleProjection: name:s* signerName:s* labelSelector:LabelSelector optional/5:b* path/4:s!
CSIVolumeSource: driver:s! readOnly:b* fsType:s* volumeAttributes:{s} nodePublishSecretRef:LocalObjectReference
EphemeralVolumeSource: volumeClaimTemplate:PersistentVolumeClaimTemplate
PersistentVolumeClaimTemplate: metadata:ObjectMeta spec:PersistentVolumeClaimSpec!
ImageVolumeSource: reference:s pullPolicy:s
ContainerStatus: name:s! state:ContainerState lastState:ContainerState ready:b! restartCount:i! image:s! imageID:s!^ containerID:s started:b* allocatedResources:{q} resources:ResourceRequirements volumeMounts:[VolumeMountStatus]@mountPath user:any allocatedResourcesStatus:[any] stopSignal:s*
VolumeMountStatus: name:s! mountPath:s! readOnly:b recursiveReadOnly:s* volumeStatus:any
ContainerState: waiting:ContainerStateWaiting running:ContainerStateRunning terminated:ContainerStateTerminated
ContainerStateWaiting: reason:s message:s
ContainerStateRunning: startedAt:t
ContainerStateTerminated: exitCode:i! signal:i reason:s message:s startedAt:t finishedAt:t containerID:s
LocalObjectReference#: name:s
ObjectReference#: kind:s namespace:s name:s uid:s apiVersion:s resourceVersion:s fieldPath:s
TypedLocalObjectReference#: apiGroup:s* kind:s! name:s!
TypedObjectReference: apiGroup:s* kind:s! name:s! namespace:s*
SecretReference#: name:s namespace:s
Binding: target/2:ObjectReference!
Service: spec/2:ServiceSpec status:ServiceStatus
ServiceSpec: ports:[ServicePort]@port(port,protocol) selector:{s}# clusterIP:s clusterIPs/18:[s] type/4:s<ClusterIP,ExternalName,LoadBalancer,NodePort>=ClusterIP externalIPs:[s] sessionAffinity/7:s<ClientIP,None>=None loadBalancerIP:s loadBalancerSourceRanges:[s] externalName:s externalTrafficPolicy:s<Cluster,Local> healthCheckNodePort:i publishNotReadyAddresses:b sessionAffinityConfig:SessionAffinityConfig ipFamilies/19:[s] ipFamilyPolicy/17:s* allocateLoadBalancerNodePorts/20:b* loadBalancerClass:s* internalTrafficPolicy:s<Cluster,Local>* trafficDistribution:s*
ServicePort: name:s protocol:s<SCTP,TCP,UDP>=TCP appProtocol/6:s* port/3:i! targetPort:is nodePort:i
SessionAffinityConfig: clientIP:ClientIPConfig
ClientIPConfig: timeoutSeconds:i*
ServiceStatus: loadBalancer:LoadBalancerStatus conditions:[Condition]@type
LoadBalancerStatus: ingress:[LoadBalancerIngress]
LoadBalancerIngress: ip:s hostname:s ipMode:s* ports:[PortStatus]
PortStatus: port:i! protocol:s! error:s*
Endpoints: subsets/2:[EndpointSubset]
EndpointSubset: addresses:[EndpointAddress] notReadyAddresses:[EndpointAddress] ports:[EndpointPort]
EndpointAddress#: ip:s! hostname/3:s nodeName:s* targetRef/2:ObjectReference
EndpointPort#: name:s port:i! protocol:s=TCP appProtocol:s*
Namespace: spec/2:NamespaceSpec status:NamespaceStatus
NamespaceSpec: finalizers:[s]
NamespaceStatus: phase:s conditions:[NamespaceCondition]@type
NamespaceCondition: type:s! status:s! lastTransitionTime/4:t reason:s message:s
ConfigMap: data/2:{s} binaryData:{bytes} immutable:b*
Secret: data/2:{bytes} stringData/4:{s} type/3:s=Opaque immutable/5:b*
ServiceAccount: secrets/2:[ObjectReference]@name imagePullSecrets:[LocalObjectReference] automountServiceAccountToken:b*
Node: spec/2:NodeSpec status:NodeStatus
NodeSpec: podCIDR:s podCIDRs/7:[s]% providerID/3:s unschedulable:b taints:[Taint] configSource:any externalID/2:s
Taint: key:s! value:s effect:s! timeAdded:t
NodeStatus: capacity:{q} allocatable:{q} phase:s conditions:[NodeCondition]@type addresses:[NodeAddress]@type daemonEndpoints:NodeDaemonEndpoints nodeInfo:NodeSystemInfo images:[ContainerImage] volumesInUse:[s] volumesAttached:[any] config:any runtimeHandlers:[NodeRuntimeHandler] features:NodeFeatures declaredFeatures:[s]
NodeCondition: type:s! status:s! lastHeartbeatTime:t lastTransitionTime:t reason:s message:s
NodeAddress: type:s! address:s!
NodeDaemonEndpoints: kubeletEndpoint:DaemonEndpoint
DaemonEndpoint: Port:i!
NodeSystemInfo: machineID:s!^ systemUUID:s!^ bootID:s!^ kernelVersion:s!^ osImage:s!^ containerRuntimeVersion:s!^ kubeletVersion:s!^ kubeProxyVersion:s!^ operatingSystem:s!^ architecture:s!^ swap:any
ContainerImage: names:[s] sizeBytes:l
NodeRuntimeHandler: name:s^ features:any
NodeFeatures: supplementalGroupsPolicy:b*
Event: involvedObject/2:ObjectReference! reason:s message:s source:EventSource firstTimestamp:t lastTimestamp:t count:i type:s eventTime:mt series:EventSeries action:s related:ObjectReference reportingComponent:s^ reportingInstance:s^
EventSource: component:s host:s
EventSeries: count:i lastObservedTime:mt
PersistentVolume: spec/2:PersistentVolumeSpec status:PersistentVolumeStatus
PersistentVolumeSpec: capacity:{q} accessModes/3:[s] claimRef:ObjectReference persistentVolumeReclaimPolicy:s=Retain storageClassName:s mountOptions:[s] volumeMode:s*=Filesystem nodeAffinity:VolumeNodeAffinity volumeAttributesClassName:s* hostPath/2.3:HostPathVolumeSource local/2.20:LocalVolumeSource nfs/2.5:NFSVolumeSource csi/2.22:any awsElasticBlockStore/2.2:any azureDisk/2.16:any azureFile/2.13:any cephfs/2.9:any cinder/2.8:any fc/2.10:any flexVolume/2.12:any flocker/2.11:any gcePersistentDisk/2.1:any glusterfs/2.4:any iscsi/2.7:any photonPersistentDisk/2.17:any portworxVolume:any quobyte/2.15:any rbd/2.6:any scaleIO/2.19:any storageos/2.21:any vsphereVolume/2.14:any
LocalVolumeSource: path:s! fsType:s*
VolumeNodeAffinity: required:NodeSelector
PersistentVolumeStatus: phase:s message:s reason:s lastPhaseTransitionTime:t
PersistentVolumeClaim: spec/2:PersistentVolumeClaimSpec status:PersistentVolumeClaimStatus
PersistentVolumeClaimSpec: accessModes:[s] selector/4:LabelSelector resources/2:VolumeResourceRequirements volumeName:s storageClassName/5:s* volumeMode:s*=Filesystem dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference volumeAttributesClassName:s*
VolumeResourceRequirements: limits:{q} requests:{q}
PersistentVolumeClaimStatus: phase:s accessModes:[s] capacity:{q} conditions:[PersistentVolumeClaimCondition]@type allocatedResources:{q} allocatedResourceStatuses/7:{s} currentVolumeAttributesClassName:s* modifyVolumeStatus:any
PersistentVolumeClaimCondition: type:s! status:s! lastProbeTime:t lastTransitionTime:t reason:s message:s
LimitRange: spec/2:LimitRangeSpec
LimitRangeSpec: limits:[LimitRangeItem]!
LimitRangeItem: type:s! max:{q} min:{q} default:{q} defaultRequest:{q} maxLimitRequestRatio:{q}
ResourceQuota: spec/2:ResourceQuotaSpec status:ResourceQuotaStatus
ResourceQuotaSpec: hard:{q} scopes:[s] scopeSelector:ScopeSelector
ScopeSelector: matchExpressions:[ScopedResourceSelectorRequirement]
ScopedResourceSelectorRequirement: scopeName:s! operator:s! values:[s]
ResourceQuotaStatus: hard:{q} used:{q}
ReplicationController: spec/2:ReplicationControllerSpec status:ReplicationControllerStatus
ReplicationControllerSpec: replicas:i*=1 minReadySeconds/4:i selector/2:{s}# template:PodTemplateSpec
ReplicationControllerStatus: replicas:i! fullyLabeledReplicas:i readyReplicas/4:i availableReplicas:i observedGeneration/3:l conditions/6:[ReplicationControllerCondition]@type
ReplicationControllerCondition: type:s! status:s! lastTransitionTime:t reason:s message:s
ComponentStatus: conditions/2:[ComponentCondition]@type
ComponentCondition: type:s! status:s! message:s error:s
`,
};

/** apps/v1, batch/v1, autoscaling, policy/v1. Notation: schema/notation.ts. */
export const appsTypes = {
  package: 'io.k8s.api.apps.v1',
  text: `
Deployment: spec:DeploymentSpec status:DeploymentStatus
DeploymentSpec: replicas:i=1 selector:LabelSelector! template:PodTemplateSpec! strategy:DeploymentStrategy~={} minReadySeconds:i revisionHistoryLimit:i=10 paused:b progressDeadlineSeconds:i=600
DeploymentStrategy: type:s<Recreate,RollingUpdate>=RollingUpdate rollingUpdate:RollingUpdateDeployment
RollingUpdateDeployment: maxUnavailable:is maxSurge:is
DeploymentStatus: observedGeneration:l replicas:i updatedReplicas:i readyReplicas:i availableReplicas:i unavailableReplicas:i terminatingReplicas:i conditions:[WorkloadCondition]@type collisionCount:i
ReplicaSet: spec:ReplicaSetSpec status:ReplicaSetStatus
ReplicaSetSpec: replicas:i=1 minReadySeconds:i selector:LabelSelector! template:PodTemplateSpec
ReplicaSetStatus: replicas:i!=0 fullyLabeledReplicas:i readyReplicas:i availableReplicas:i terminatingReplicas:i observedGeneration:l conditions:[WorkloadCondition]@type
StatefulSet: spec:StatefulSetSpec status:StatefulSetStatus
StatefulSetSpec: replicas:i=1 selector:LabelSelector! template:PodTemplateSpec! volumeClaimTemplates:[PersistentVolumeClaim] serviceName:s podManagementPolicy:s<OrderedReady,Parallel>=OrderedReady updateStrategy:StatefulSetUpdateStrategy={} revisionHistoryLimit:i=10 minReadySeconds:i persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy={} ordinals:StatefulSetOrdinals
StatefulSetUpdateStrategy: type:s<OnDelete,RollingUpdate>=RollingUpdate rollingUpdate:RollingUpdateStatefulSetStrategy
RollingUpdateStatefulSetStrategy: partition:i=0 maxUnavailable:is
StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted:s=Retain whenScaled:s=Retain
StatefulSetOrdinals: start:i
StatefulSetStatus: observedGeneration:l replicas:i!=0 readyReplicas:i currentReplicas:i updatedReplicas:i currentRevision:s updateRevision:s collisionCount:i conditions:[WorkloadCondition]@type availableReplicas:i!=0
DaemonSet: spec:DaemonSetSpec status:DaemonSetStatus
DaemonSetSpec: selector:LabelSelector! template:PodTemplateSpec! updateStrategy:DaemonSetUpdateStrategy={} minReadySeconds:i revisionHistoryLimit:i=10
DaemonSetUpdateStrategy: type:s<OnDelete,RollingUpdate>=RollingUpdate rollingUpdate:RollingUpdateDaemonSet
RollingUpdateDaemonSet: maxUnavailable:is maxSurge:is
DaemonSetStatus: currentNumberScheduled:i!=0 numberMisscheduled:i!=0 desiredNumberScheduled:i!=0 numberReady:i!=0 observedGeneration:l updatedNumberScheduled:i numberAvailable:i numberUnavailable:i collisionCount:i conditions:[WorkloadCondition]@type
ControllerRevision: data:any revision:l!
`,
};

export const batchTypes = {
  package: 'io.k8s.api.batch.v1',
  text: `
Job: spec:JobSpec status:JobStatus
JobSpec: parallelism:i completions:i activeDeadlineSeconds:l podFailurePolicy:PodFailurePolicy successPolicy:SuccessPolicy backoffLimit:i=6 backoffLimitPerIndex:i maxFailedIndexes:i selector:LabelSelector manualSelector:b template:PodTemplateSpec! ttlSecondsAfterFinished:i completionMode:s=NonIndexed suspend:b=false podReplacementPolicy:s managedBy:s
PodFailurePolicy: rules:[PodFailurePolicyRule]!
PodFailurePolicyRule: action:s! onExitCodes:PodFailurePolicyOnExitCodesRequirement onPodConditions:[PodFailurePolicyOnPodConditionsPattern]
PodFailurePolicyOnExitCodesRequirement: containerName:s operator:s! values:[i]!
PodFailurePolicyOnPodConditionsPattern: type:s! status:s!
SuccessPolicy: rules:[SuccessPolicyRule]!
SuccessPolicyRule: succeededIndexes:s succeededCount:i
JobStatus: conditions:[JobCondition]@type startTime:t completionTime:t active:i succeeded:i failed:i terminating:i completedIndexes:s failedIndexes:s uncountedTerminatedPods:UncountedTerminatedPods ready:i
JobCondition: type:s! status:s! lastProbeTime:t lastTransitionTime:t reason:s message:s
UncountedTerminatedPods: succeeded:[s] failed:[s]
CronJob: spec:CronJobSpec status:CronJobStatus
CronJobSpec: schedule:s! timeZone:s startingDeadlineSeconds:l concurrencyPolicy:s<Allow,Forbid,Replace>=Allow suspend:b=false jobTemplate:JobTemplateSpec! successfulJobsHistoryLimit:i=3 failedJobsHistoryLimit:i=1
JobTemplateSpec: metadata:ObjectMeta spec:JobSpec
CronJobStatus: active:[ObjectReference] lastScheduleTime:t lastSuccessfulTime:t
`,
};

export const autoscalingV1Types = {
  package: 'io.k8s.api.autoscaling.v1',
  text: `
HorizontalPodAutoscaler: spec:HorizontalPodAutoscalerSpec status:HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerSpec: scaleTargetRef:CrossVersionObjectReference! minReplicas:i=1 maxReplicas:i! targetCPUUtilizationPercentage:i
HorizontalPodAutoscalerStatus: observedGeneration:l lastScaleTime:t currentReplicas:i!=0 desiredReplicas:i!=0 currentCPUUtilizationPercentage:i
CrossVersionObjectReference#: kind:s! name:s! apiVersion:s
Scale: spec:ScaleSpec status:ScaleStatus
ScaleSpec: replicas:i
ScaleStatus: replicas:i!=0 selector:s
`,
};

export const autoscalingV2Types = {
  package: 'io.k8s.api.autoscaling.v2',
  text: `
HorizontalPodAutoscaler: spec:HorizontalPodAutoscalerSpec status:HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerSpec: scaleTargetRef:CrossVersionObjectReference! minReplicas:i=1 maxReplicas:i! metrics:[MetricSpec] behavior:HorizontalPodAutoscalerBehavior
CrossVersionObjectReference: kind:s! name:s! apiVersion:s
MetricSpec: type:s! object:ObjectMetricSource pods:PodsMetricSource resource:ResourceMetricSource containerResource:ContainerResourceMetricSource external:ExternalMetricSource
ObjectMetricSource: describedObject:CrossVersionObjectReference! target:MetricTarget! metric:MetricIdentifier!
PodsMetricSource: metric:MetricIdentifier! target:MetricTarget!
ResourceMetricSource: name:s! target:MetricTarget!
ContainerResourceMetricSource: name:s! target:MetricTarget! container:s!
ExternalMetricSource: metric:MetricIdentifier! target:MetricTarget!
MetricIdentifier: name:s! selector:LabelSelector
MetricTarget: type:s! value:q averageValue:q averageUtilization:i
HorizontalPodAutoscalerBehavior: scaleUp:HPAScalingRules scaleDown:HPAScalingRules
HPAScalingRules: stabilizationWindowSeconds:i selectPolicy:s policies:[HPAScalingPolicy] tolerance:q
HPAScalingPolicy: type:s! value:i! periodSeconds:i!
HorizontalPodAutoscalerStatus: observedGeneration:l lastScaleTime:t currentReplicas:i desiredReplicas:i!=0 currentMetrics:[MetricStatus] conditions:[HorizontalPodAutoscalerCondition]@type
HorizontalPodAutoscalerCondition: type:s! status:s! lastTransitionTime:t reason:s message:s
MetricStatus: type:s! object:any pods:any resource:ResourceMetricStatus containerResource:any external:any
ResourceMetricStatus: name:s! current:MetricValueStatus!
MetricValueStatus: value:q averageValue:q averageUtilization:i
`,
};

export const policyTypes = {
  package: 'io.k8s.api.policy.v1',
  text: `
PodDisruptionBudget: spec:PodDisruptionBudgetSpec status:PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: minAvailable:is selector:LabelSelector maxUnavailable:is unhealthyPodEvictionPolicy:s
PodDisruptionBudgetStatus: observedGeneration:l disruptedPods:{t} disruptionsAllowed:i!=0 currentHealthy:i!=0 desiredHealthy:i!=0 expectedPods:i!=0 conditions:[Condition]@type
Eviction: deleteOptions:DeleteOptions
`,
};

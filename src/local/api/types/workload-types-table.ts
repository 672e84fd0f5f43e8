/** apps/v1, batch/v1, autoscaling, policy/v1. Notation: schema/notation.ts. */
export const appsTypes = {
  package: 'io.k8s.api.apps.v1',
  text: `
Deployment: spec/2:DeploymentSpec status:DeploymentStatus
DeploymentSpec: replicas:i*=1 selector:LabelSelector! template:PodTemplateSpec! strategy:DeploymentStrategy~={} minReadySeconds:i revisionHistoryLimit:i*=10 paused:b progressDeadlineSeconds/9:i*=600
DeploymentStrategy: type:s<Recreate,RollingUpdate>=RollingUpdate rollingUpdate:RollingUpdateDeployment
RollingUpdateDeployment: maxUnavailable:is maxSurge:is
DeploymentStatus: observedGeneration:l replicas:i updatedReplicas:i readyReplicas/7:i availableReplicas/4:i unavailableReplicas:i terminatingReplicas/9:i* conditions/6:[DeploymentCondition]@type collisionCount/8:i*
DeploymentCondition: type:s! status:s! lastUpdateTime/6:t lastTransitionTime:t reason/4:s message:s
ReplicaSet: spec/2:ReplicaSetSpec status:ReplicaSetStatus
ReplicaSetSpec: replicas:i*=1 minReadySeconds/4:i selector/2:LabelSelector! template:PodTemplateSpec
ReplicaSetStatus: replicas:i!=0 fullyLabeledReplicas:i readyReplicas/4:i availableReplicas:i terminatingReplicas/7:i* observedGeneration/3:l conditions/6:[ReplicaSetCondition]@type
ReplicaSetCondition: type:s! status:s! lastTransitionTime:t reason:s message:s
StatefulSet: spec/2:StatefulSetSpec status:StatefulSetStatus
StatefulSetSpec: replicas:i*=1 selector:LabelSelector! template:PodTemplateSpec! volumeClaimTemplates:[PersistentVolumeClaim] serviceName:s^ podManagementPolicy:s<OrderedReady,Parallel>=OrderedReady updateStrategy:StatefulSetUpdateStrategy={} revisionHistoryLimit:i*=10 minReadySeconds:i persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy={} ordinals:StatefulSetOrdinals
StatefulSetUpdateStrategy: type:s<OnDelete,RollingUpdate>=RollingUpdate rollingUpdate:RollingUpdateStatefulSetStrategy
RollingUpdateStatefulSetStrategy: partition:i*=0 maxUnavailable:is
StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted:s=Retain whenScaled:s=Retain
StatefulSetOrdinals: start:i^
StatefulSetStatus: observedGeneration:l replicas:i!=0 readyReplicas:i currentReplicas:i updatedReplicas:i currentRevision:s updateRevision:s collisionCount/9:i* conditions:[StatefulSetCondition]@type availableReplicas:i!=0
StatefulSetCondition: type:s! status:s! lastTransitionTime:t reason:s message:s
DaemonSet: spec/2:DaemonSetSpec status:DaemonSetStatus
DaemonSetSpec: selector:LabelSelector! template:PodTemplateSpec! updateStrategy:DaemonSetUpdateStrategy={} minReadySeconds:i revisionHistoryLimit/6:i*=10
DaemonSetUpdateStrategy: type:s<OnDelete,RollingUpdate>=RollingUpdate rollingUpdate:RollingUpdateDaemonSet
RollingUpdateDaemonSet: maxUnavailable:is maxSurge:is
DaemonSetStatus: currentNumberScheduled:i!=0 numberMisscheduled:i!=0 desiredNumberScheduled:i!=0 numberReady:i!=0 observedGeneration:l updatedNumberScheduled:i numberAvailable:i numberUnavailable:i collisionCount:i* conditions:[DaemonSetCondition]@type
DaemonSetCondition: type:s! status:s! lastTransitionTime:t reason:s message:s
ControllerRevision: data/2:any revision:l!
`,
};

export const batchTypes = {
  package: 'io.k8s.api.batch.v1',
  text: `
Job: spec/2:JobSpec status:JobStatus
JobSpec: parallelism:i* completions:i* activeDeadlineSeconds:l* podFailurePolicy/11:PodFailurePolicy successPolicy/16:SuccessPolicy backoffLimit/7:i*=6 backoffLimitPerIndex/12:i* maxFailedIndexes:i* selector/4:LabelSelector manualSelector:b* template:PodTemplateSpec! ttlSecondsAfterFinished/8:i* completionMode:s*=NonIndexed suspend:b*=false podReplacementPolicy/14:s* managedBy:s*
PodFailurePolicy: rules:[PodFailurePolicyRule]!
PodFailurePolicyRule: action:s! onExitCodes:PodFailurePolicyOnExitCodesRequirement onPodConditions:[PodFailurePolicyOnPodConditionsPattern]
PodFailurePolicyOnExitCodesRequirement: containerName:s* operator:s! values:[i]!
PodFailurePolicyOnPodConditionsPattern: type:s! status:s!
SuccessPolicy: rules:[SuccessPolicyRule]!
SuccessPolicyRule: succeededIndexes:s* succeededCount:i*
JobStatus: conditions:[JobCondition]@type startTime:t completionTime:t active:i succeeded:i failed:i terminating/11:i* completedIndexes/7:s failedIndexes/10:s* uncountedTerminatedPods/8:UncountedTerminatedPods ready:i*
JobCondition: type:s! status:s! lastProbeTime:t lastTransitionTime:t reason:s message:s
UncountedTerminatedPods: succeeded:[s] failed:[s]
CronJob: spec/2:CronJobSpec status:CronJobStatus
CronJobSpec: schedule:s! timeZone/8:s* startingDeadlineSeconds/2:l* concurrencyPolicy:s<Allow,Forbid,Replace>=Allow suspend:b*=false jobTemplate:JobTemplateSpec! successfulJobsHistoryLimit:i*=3 failedJobsHistoryLimit:i*=1
JobTemplateSpec: metadata:ObjectMeta spec:JobSpec
CronJobStatus: active:[ObjectReference] lastScheduleTime/4:t lastSuccessfulTime:t
`,
};

export const autoscalingV1Types = {
  package: 'io.k8s.api.autoscaling.v1',
  text: `
HorizontalPodAutoscaler: spec/2:HorizontalPodAutoscalerSpec status:HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerSpec: scaleTargetRef:CrossVersionObjectReference! minReplicas:i*=1 maxReplicas:i! targetCPUUtilizationPercentage:i*
HorizontalPodAutoscalerStatus: observedGeneration:l* lastScaleTime:t currentReplicas:i!=0 desiredReplicas:i!=0 currentCPUUtilizationPercentage:i*
CrossVersionObjectReference#: kind:s! name:s! apiVersion:s
Scale: spec/2:ScaleSpec status:ScaleStatus
ScaleSpec: replicas:i
ScaleStatus: replicas:i!=0 selector:s
`,
};

export const autoscalingV2Types = {
  package: 'io.k8s.api.autoscaling.v2',
  text: `
HorizontalPodAutoscaler: spec/2:HorizontalPodAutoscalerSpec status:HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerSpec: scaleTargetRef:CrossVersionObjectReference! minReplicas:i*=1 maxReplicas:i! metrics:[MetricSpec] behavior:HorizontalPodAutoscalerBehavior
CrossVersionObjectReference: kind:s! name:s! apiVersion:s
MetricSpec: type:s! object:ObjectMetricSource pods:PodsMetricSource resource:ResourceMetricSource containerResource/7:ContainerResourceMetricSource external/5:ExternalMetricSource
ObjectMetricSource: describedObject:CrossVersionObjectReference! target:MetricTarget! metric:MetricIdentifier!
PodsMetricSource: metric:MetricIdentifier! target:MetricTarget!
ResourceMetricSource: name:s! target:MetricTarget!
ContainerResourceMetricSource: name:s! target:MetricTarget! container:s!
ExternalMetricSource: metric:MetricIdentifier! target:MetricTarget!
MetricIdentifier: name:s! selector:LabelSelector
MetricTarget: type:s! value:q averageValue:q averageUtilization:i*
HorizontalPodAutoscalerBehavior: scaleUp:HPAScalingRules scaleDown:HPAScalingRules
HPAScalingRules: stabilizationWindowSeconds/3:i* selectPolicy/1:s* policies:[HPAScalingPolicy] tolerance/4:q
HPAScalingPolicy: type:s! value:i! periodSeconds:i!
HorizontalPodAutoscalerStatus: observedGeneration:l* lastScaleTime:t currentReplicas:i desiredReplicas:i!=0 currentMetrics:[MetricStatus] conditions:[HorizontalPodAutoscalerCondition]@type
HorizontalPodAutoscalerCondition: type:s! status:s! lastTransitionTime:t reason:s message:s
MetricStatus: type:s! object:any pods:any resource:ResourceMetricStatus containerResource/7:any external/5:any
ResourceMetricStatus: name:s! current:MetricValueStatus!
MetricValueStatus: value:q averageValue:q averageUtilization:i*
`,
};

export const policyTypes = {
  package: 'io.k8s.api.policy.v1',
  text: `
PodDisruptionBudget: spec/2:PodDisruptionBudgetSpec status:PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: minAvailable:is selector:LabelSelector maxUnavailable:is unhealthyPodEvictionPolicy:s*
PodDisruptionBudgetStatus: observedGeneration:l disruptedPods:{t} disruptionsAllowed:i!=0 currentHealthy:i!=0 desiredHealthy:i!=0 expectedPods:i!=0 conditions:[Condition]@type
Eviction: deleteOptions/2:DeleteOptions
`,
};

import {
  anything,
  flag,
  freeForm,
  int32,
  intOrText,
  list,
  map,
  oneOfWords,
  record,
  type Schema,
  text,
  textMap,
  texts,
  uint32,
} from '../schema/schema.ts';

const seconds = (description: string): Schema => int32(description);

const labelRequirement = record(
  'SelectorRequirement',
  'A condition on a label.',
  {
    key: text('Label.'),
    operator: text('In, NotIn, Exists, DoesNotExist; Gt and Lt for nodes.'),
    values: texts('Values.'),
  },
  { required: ['key', 'operator'] },
);

const labelSelector = record('KubeLabelSelector', 'Objects, by their labels.', {
  matchLabels: textMap('Labels an object must have.'),
  matchExpressions: list(labelRequirement, 'Conditions that must all hold.'),
});

const nodeTerm = record('NodeSelectorTerm', 'A set of conditions on a node.', {
  matchExpressions: list(labelRequirement, 'Conditions on labels.'),
  matchFields: list(labelRequirement, 'Conditions on fields.'),
});

const podTerm = record('PodAffinityTerm', 'Pods to be near or far from.', {
  labelSelector,
  namespaceSelector: labelSelector,
  namespaces: texts('Namespaces of the pods.'),
  topologyKey: text('Node label that says what "near" is.'),
  matchLabelKeys: texts('Labels whose values are taken from the own pod.'),
  mismatchLabelKeys: texts('Labels whose values must differ from the own pod.'),
});

const podRules = (title: string, description: string): Schema =>
  record(title, description, {
    requiredDuringSchedulingIgnoredDuringExecution: list(podTerm, 'Rules that must hold.'),
    preferredDuringSchedulingIgnoredDuringExecution: list(
      record('WeightedPodAffinityTerm', 'A rule with a weight.', {
        weight: int32('1 to 100.'),
        podAffinityTerm: podTerm,
      }),
      'Rules that should hold.',
    ),
  });

const affinityFields = {
  nodeAffinity: record('NodeAffinity', 'By node.', {
    requiredDuringSchedulingIgnoredDuringExecution: record('NodeSelector', 'Rules that must hold.', {
      nodeSelectorTerms: list(nodeTerm, 'Terms of which one must hold.'),
    }),
    preferredDuringSchedulingIgnoredDuringExecution: list(
      record('PreferredSchedulingTerm', 'A rule with a weight.', {
        weight: int32('1 to 100.'),
        preference: nodeTerm,
      }),
      'Rules that should hold.',
    ),
  }),
  podAffinity: podRules('PodAffinity', 'Near other pods.'),
  podAntiAffinity: podRules('PodAntiAffinity', 'Away from other pods.'),
};

const affinity = record('Affinity', 'Where pods run.', affinityFields, { 'x-lateen-opaque': true });

const keyRef = (title: string, description: string): Schema =>
  record(title, description, {
    name: text('Name of the object.'),
    key: text('Key in it.'),
    optional: flag('Whether it may be missing.'),
  });

const envVar = record(
  'EnvVar',
  'An environment variable.',
  {
    name: text('Name.'),
    value: text('Value.'),
    valueFrom: record('EnvVarSource', 'Where the value comes from.', {
      fieldRef: record('ObjectFieldSelector', 'A field of the pod.', {
        apiVersion: text('API version.'),
        fieldPath: text('Path of the field.'),
      }),
      resourceFieldRef: record('ResourceFieldSelector', 'A resource of a container.', {
        containerName: text('Container.'),
        resource: text('Resource.'),
        divisor: intOrText('Unit.'),
      }),
      configMapKeyRef: keyRef('ConfigMapKeySelector', 'A key of a ConfigMap.'),
      secretKeyRef: keyRef('SecretKeySelector', 'A key of a Secret.'),
    }),
  },
  { required: ['name'] },
);

const scaleTarget = record('CrossVersionObjectReference', 'What is scaled.', {
  apiVersion: text('API version.'),
  kind: text('Kind.'),
  name: text('Name.'),
});

const hpaSpec = record('HorizontalPodAutoscalerSpec', 'How many pods there are.', {
  maxReplicas: int32('Most pods.'),
  minReplicas: int32('Fewest pods.'),
  scaleTargetRef: scaleTarget,
  targetCPUUtilizationPercentage: int32('Wanted CPU use (autoscaling/v1).'),
  metrics: list(freeForm('A metric, in the form of autoscaling/v2 or v2beta1.'), 'What pods are counted by.'),
  behavior: freeForm('How fast the number changes.'),
});

const resources = record('ResourceRequirements', 'CPU and memory.', {
  limits: map(intOrText('Quantity.'), 'Upper bounds.'),
  requests: map(intOrText('Quantity.'), 'What is reserved.'),
  claims: list(freeForm('A claim.'), 'Resource claims.'),
});

const servicePort = record('KubeServicePort', 'A port of the service.', {
  name: text('Name.'),
  protocol: text('TCP or UDP.'),
  appProtocol: text('Protocol above it.'),
  port: int32('Port of the service.'),
  targetPort: intOrText('Port of the pods.'),
  nodePort: int32('Port of the nodes.'),
});

const service = record('ServiceSpec', 'The Kubernetes Service.', {
  ports: list(servicePort, 'Ports; the list replaces that of the profile.'),
  selector: textMap('Labels of the pods.'),
  clusterIP: text('Cluster IP, or None.'),
  clusterIPs: texts('Cluster IPs.'),
  type: text('ClusterIP, NodePort, LoadBalancer or ExternalName.'),
  externalIPs: texts('Addresses of nodes outside Kubernetes.'),
  sessionAffinity: text('None or ClientIP.'),
  sessionAffinityConfig: freeForm('Details of session affinity.'),
  loadBalancerIP: text('Wanted address.'),
  loadBalancerSourceRanges: texts('Who may call.'),
  loadBalancerClass: text('Which load balancer.'),
  allocateLoadBalancerNodePorts: flag('Whether node ports are taken.'),
  externalName: text('Name for ExternalName.'),
  externalTrafficPolicy: text('Cluster or Local.'),
  internalTrafficPolicy: text('Cluster or Local.'),
  trafficDistribution: text('How endpoints are preferred.'),
  healthCheckNodePort: int32('Port for health checks.'),
  publishNotReadyAddresses: flag('Whether unready pods count.'),
  ipFamilies: texts('IPv4, IPv6.'),
  ipFamilyPolicy: text('SingleStack, PreferDualStack or RequireDualStack.'),
});

const probe = record('Probe', 'A probe.', {
  httpGet: record('HTTPGetAction', 'By HTTP.', {
    path: text('Path.'),
    port: intOrText('Port.'),
    host: text('Host.'),
    scheme: text('HTTP or HTTPS.'),
    httpHeaders: list(
      record('ProbeHeader', 'A header.', { name: text('Name.'), value: text('Value.') }),
      'Headers.',
    ),
  }),
  tcpSocket: record('TCPSocketAction', 'By connection.', { port: intOrText('Port.'), host: text('Host.') }),
  exec: record('ExecAction', 'By command.', { command: texts('Command and arguments.') }),
  grpc: record('GRPCAction', 'By gRPC health service.', { port: int32('Port.'), service: text('Service.') }),
  initialDelaySeconds: seconds('Seconds before the first.'),
  timeoutSeconds: seconds('Seconds it may take.'),
  periodSeconds: seconds('Seconds between two.'),
  successThreshold: int32('Successes in a row.'),
  failureThreshold: int32('Failures in a row.'),
  terminationGracePeriodSeconds: seconds('Seconds to stop after a failure.'),
});

const toleration = record('Toleration', 'A taint that is tolerated.', {
  key: text('Taint.'),
  operator: text('Exists or Equal.'),
  value: text('Value.'),
  effect: text('NoSchedule, PreferNoSchedule or NoExecute.'),
  tolerationSeconds: seconds('For how long.'),
});

const podSecurity = record('PodSecurityContext', 'Security of the pod.', {
  runAsUser: int32('User id.', { format: 'int64' }),
  runAsGroup: int32('Group id.', { format: 'int64' }),
  runAsNonRoot: flag('Refuse root.'),
  fsGroup: int32('Group id of volumes.', { format: 'int64' }),
  fsGroupChangePolicy: text('OnRootMismatch or Always.'),
  supplementalGroups: list(int32('', { format: 'int64' }), 'Further group ids.'),
  supplementalGroupsPolicy: text('Merge or Strict.'),
  seLinuxOptions: freeForm('SELinux.'),
  seLinuxChangePolicy: text('Recursive or MountOption.'),
  appArmorProfile: freeForm('AppArmor.'),
  seccompProfile: freeForm('Seccomp.'),
  windowsOptions: freeForm('Windows.'),
  sysctls: list(
    record('Sysctl', 'A kernel setting.', { name: text('Name.'), value: text('Value.') }),
    'Kernel settings.',
  ),
});

const patch = record('OverlayPatch', 'A change of a rendered object.', {
  path: text(
    'Path of the field: `spec.template.spec.containers.[name:discovery].args.[0]`. `[key:value]` finds a list entry, `[N]` an index, `[-1]` appends.',
  ),
  value: anything('New value; left out, the field is removed.'),
});

/** A patch of one rendered object. */
const overlay = record('K8sObjectOverlay', 'Changes of a rendered object.', {
  apiVersion: text('API version of the object.'),
  kind: text('Kind of the object.'),
  name: text('Name of the object.'),
  patches: list(patch, 'Changes, in this order.'),
});

export const k8sSettings: Schema = record('KubernetesResources', 'Kubernetes settings of a component.', {
  affinity,
  env: list(envVar, 'Environment variables.'),
  hpaSpec,
  imagePullPolicy: text('When images are pulled: Always, IfNotPresent or Never.'),
  nodeSelector: textMap('Labels of the nodes.'),
  podDisruptionBudget: record('PodDisruptionBudgetSpec', 'How many pods may be missing.', {
    minAvailable: intOrText('Fewest pods.'),
    maxUnavailable: intOrText('Most missing pods.'),
    selector: labelSelector,
    unhealthyPodEvictionPolicy: text('IfHealthyBudget or AlwaysAllow.'),
  }),
  podAnnotations: textMap('Annotations of the pods.'),
  priorityClassName: text('Priority class.'),
  readinessProbe: probe,
  replicaCount: uint32('Number of pods, without an autoscaler.'),
  resources,
  service,
  strategy: record('DeploymentStrategy', 'How pods are replaced.', {
    type: oneOfWords('Kind of replacement.', ['RollingUpdate', 'Recreate']),
    rollingUpdate: record('RollingUpdateDeployment', 'Details.', {
      maxSurge: intOrText('Most additional pods.'),
      maxUnavailable: intOrText('Most missing pods.'),
    }),
  }),
  tolerations: list(toleration, 'Taints that are tolerated.'),
  serviceAnnotations: textMap('Annotations of the service.'),
  securityContext: podSecurity,
  volumes: list(
    record(
      'Volume',
      'A volume, as pods have it.',
      { name: text('Name.') },
      {
        required: ['name'],
        'x-kubernetes-preserve-unknown-fields': true,
      },
    ),
    'Further volumes.',
  ),
  volumeMounts: list(
    record(
      'VolumeMount',
      'Where a volume is seen.',
      {
        name: text('Name of the volume.'),
        mountPath: text('Path in the container.'),
        subPath: text('Path in the volume.'),
        subPathExpr: text('Path in the volume, with variables.'),
        readOnly: flag('Whether it cannot be written.'),
        recursiveReadOnly: text('Disabled, IfPossible or Enabled.'),
        mountPropagation: text('None, HostToContainer or Bidirectional.'),
      },
      { required: ['name', 'mountPath'] },
    ),
    'Where volumes are seen.',
  ),
  overlays: list(overlay, 'Changes of rendered objects that nothing else can express.'),
});

import {
  anything,
  double,
  flag,
  freeForm,
  lenient,
  looseDuration,
  record,
  type Schema,
  text,
  texts,
  uint32,
} from '../schema/schema.ts';
import { gatewayValues } from './gateway-values.schema.ts';
import { globalValues } from './global-values.schema.ts';
import { autoscaling, dualStack, image, objects, podPlacement, resources } from './value-shapes.schema.ts';

const cni = record('CNIValues', 'The CNI node agent.', {
  enabled: flag('Former form of components.cni.enabled.'),
  ...image,
  ...podPlacement,
  pullPolicy: text('When images are pulled.'),
  cniBinDir: text('Folder of CNI programs on the node.', { fallback: '/opt/cni/bin' }),
  cniConfDir: text('Folder of CNI configuration on the node.', { fallback: '/etc/cni/net.d' }),
  cniConfFileName: text('File to write.'),
  cniNetnsDir: text('Folder of network namespaces.', { fallback: '/var/run/netns' }),
  excludeNamespaces: texts('Namespaces whose pods are left alone.'),
  env: freeForm('Environment variables.'),
  daemonSetLabels: freeForm('Labels of the DaemonSet.'),
  podLabels: freeForm('Labels of the pods.'),
  psp_cluster_role: text('Not used.'),
  logLevel: text('Log level.'),
  logging: record('CNILogging', 'Logging.', { level: text('Log level.') }),
  repair: record('CNIRepairConfig', 'What is done with pods that started before the agent.', {
    enabled: flag('Whether anything is done.', { fallback: 'true' }),
    ...image,
    labelPods: flag('Label them.', { fallback: 'false' }),
    repairPods: flag('Set their network up.', { fallback: 'true' }),
    createEvents: text('Not used.'),
    deletePods: flag('Delete them.', { fallback: 'false' }),
    brokenPodLabelKey: text('Label to set.', { fallback: 'cni.istio.io/uninitialized' }),
    brokenPodLabelValue: text('Its value.', { fallback: 'true' }),
    initContainerName: text('Init container that shows the fault.', { fallback: 'istio-validation' }),
  }),
  chained: flag('Join another CNI plugin.', { fallback: 'true' }),
  provider: text('`default` or `multus`.'),
  resourceQuotas: record('ResourceQuotas', 'A quota in the namespace.', {
    enabled: flag('Whether.'),
    pods: uint32('Most pods.'),
  }),
  resource_quotas: record('ResourceQuotasOld', 'A quota in the namespace.', {
    enabled: flag('Whether.'),
    pods: uint32('Most pods.'),
  }),
  resources,
  privileged: flag('Run privileged.'),
  seccompProfile: freeForm('Seccomp profile.'),
  ambient: record('CNIAmbientConfig', 'Ambient mode.', {
    enabled: flag('Whether pods can join.', { fallback: 'false' }),
    configDir: text('Folder of configuration.'),
    dnsCapture: flag('Capture DNS.', { fallback: 'true' }),
    ipv6: flag('Capture IPv6.', { fallback: 'true' }),
    reconcileIptablesOnStartup: flag('Renew rules of running pods.'),
    enablementSelectors: objects('Pods that join.'),
    shareHostNetworkNamespace: flag('Run in the network of the node.'),
    enableAmbientDetectionRetry: flag('Look again when detection failed.'),
  }),
  rollingMaxUnavailable: anything('Most pods missing in an update.'),
  istioOwnedCNIConfig: flag('Keep a configuration file of our own.'),
  istioOwnedCNIConfigFileName: text('Its name.'),
  useAppArmorAnnotation: flag('Use the annotation for AppArmor.'),
});

const pilot = record('PilotValues', 'The control plane.', {
  enabled: flag('Former form of components.pilot.enabled.'),
  ...autoscaling,
  ...image,
  ...podPlacement,
  ...dualStack,
  autoscaleBehavior: freeForm('How fast the number of pods changes.'),
  replicaCount: uint32('Pods without autoscaler.', { fallback: '1' }),
  traceSampling: double('Share of the requests that are traced, in percent.', { fallback: '1' }),
  resources,
  keepaliveMaxServerConnectionAge: looseDuration('Longest life of a connection of a proxy.', {
    fallback: '30m',
  }),
  deploymentLabels: freeForm('Labels of the Deployment.'),
  podLabels: freeForm('Labels of the pods.'),
  configMap: flag('Whether ConfigMap istio is made.', { fallback: 'true' }),
  env: freeForm('Environment variables.'),
  envVarFrom: objects('Environment variables from other objects.'),
  extraContainerArgs: anything('Further arguments.'),
  serviceAnnotations: freeForm('Annotations of the service.'),
  serviceAccountAnnotations: freeForm('Annotations of the service account.'),
  jwksResolverExtraRootCA: text('CA certificate for fetching JWKS.'),
  seccompProfile: freeForm('Seccomp profile.'),
  topologySpreadConstraints: objects('Spreading of the pods.'),
  volumes: objects('Further volumes.'),
  volumeMounts: objects('Where they are seen.'),
  cni: record('CNIUsageConfig', 'Whether pods are set up by the CNI agent.', {
    enabled: flag('Whether.', { fallback: 'false' }),
    chained: flag('Not used.'),
    provider: text('`default` or `multus`.'),
  }),
  taint: record('PilotTaintControllerConfig', 'Removal of the taint of nodes without CNI agent.', {
    enabled: flag('Whether.', { fallback: 'false' }),
    namespace: text('Namespace of the agent.'),
    name: text('Name of the agent.'),
  }),
  trustedZtunnelNamespace: text('Namespace of ztunnel.'),
  istiodRemote: record('IstiodRemoteConfig', 'Injection by a control plane elsewhere.', {
    injectionURL: text('URL of the webhook.'),
    injectionPath: text('Path of the webhook.'),
    injectionCABundle: text('CA of the webhook.'),
    enabled: flag('Whether this is a remote cluster.'),
    enabledLocalInjectorIstiod: flag('Whether a local istiod injects.'),
  }),
  crlConfigMapName: text('ConfigMap with revocation lists.'),
});

const injector = record('SidecarInjectorConfig', 'Injection.', {
  enableNamespacesByDefault: flag('Inject where nothing is said.', { fallback: 'false' }),
  reinvocationPolicy: text('Whether the webhook is asked again after others: Never or IfNeeded.', {
    fallback: 'Never',
  }),
  neverInjectSelector: objects('Pods that are never injected.'),
  alwaysInjectSelector: objects('Pods that are always injected.'),
  rewriteAppHTTPProbe: flag('Send probes through the agent.', { fallback: 'true' }),
  injectedAnnotations: freeForm('Annotations put on pods.'),
  injectionURL: text('URL of the webhook.'),
  templates: freeForm('Further templates.'),
  defaultTemplates: texts('Templates used when a pod names none.', { fallback: 'sidecar' }),
});

const toggle = (title: string, description: string, more: Record<string, Schema> = {}): Schema =>
  record(title, description, { enabled: flag('Whether.'), ...more });

const telemetry = toggle('TelemetryValues', 'Metrics of the proxies.', {
  v2: toggle('TelemetryV2Config', 'Metrics made by the proxy.', {
    prometheus: toggle('TelemetryV2Prometheus', 'Prometheus.'),
    stackdriver: toggle('TelemetryV2Stackdriver', 'Google Cloud operations.'),
  }),
});

const base = record('BaseValues', 'What a cluster has once.', {
  enableCRDTemplates: flag('Whether CRDs are installed.', { fallback: 'true' }),
  excludedCRDs: texts('CRDs to leave out.'),
  validationURL: text('URL of the validation webhook.'),
  enableIstioConfigCRDs: flag('Whether CRDs of configuration are installed.', { fallback: 'true' }),
  validateGateway: flag('Validate Gateway API objects.'),
  validationCABundle: text('CA of the validation webhook.'),
});

/** Top-level values charts before 1.8 had: kept so that old files are taken, with a warning. */
export const formerValues = [
  'certmanager',
  'clusterResources',
  'galley',
  'grafana',
  'istiocoredns',
  'istiod',
  'kiali',
  'mixer',
  'nodeagent',
  'prometheus',
  'prometheusOperator',
  'security',
  'tracing',
  'version',
];

const former = Object.fromEntries(
  formerValues.map((name) => [name, anything('Of charts before 1.8; without effect.')]),
);

export const values: Schema = lenient(
  record('Values', 'Values of the templates.', {
    base,
    cni,
    experimental: record('ExperimentalConfig', 'Things that may change.', {
      stableValidationPolicy: flag('Refuse fields that are not stable.'),
    }),
    gateways: gatewayValues,
    gatewayClasses: anything('Defaults of Gateway API classes.'),
    global: globalValues,
    istio_cni: record('CNIUsageConfigOld', 'Former form of pilot.cni.', {
      enabled: flag('Whether.'),
      chained: flag('Not used.'),
      provider: text('Not used.'),
    }),
    istiodRemote: freeForm('Former form of pilot.istiodRemote.'),
    meshConfig: freeForm('Former form of spec.meshConfig.'),
    pilot,
    sidecarInjectorWebhook: injector,
    telemetry,
    ztunnel: anything('The node proxy of ambient mode.'),
    revision: text('Former form of spec.revision.'),
    revisionTags: texts('Revision tags to make.'),
    defaultRevision: text('Revision that validates.'),
    ownerName: text('Not used.'),
    profile: text('Profile of the values.'),
    compatibilityVersion: text('Former form of spec.compatibilityVersion.'),
    ...former,
  }),
);

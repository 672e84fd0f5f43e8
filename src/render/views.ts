import { flagAt, type Json, type JsonMap, mapAt, textAt, valueAt } from './json.ts';

/**
 * What each template folder gets: flat, every name defined, so that templates hold no logic beyond "if" and "each".
 */
interface CommonView {
  readonly namespace: string;
  readonly revision: string;
  /** `-canary` for a named revision, else empty: the suffix of revisioned names. */
  readonly suffix: string;
  readonly configNamespace: string;
  readonly clusterDomain: string;
}

/** Namespace that holds what proxies share (docs/contracts.md). */
export const configNamespace = 'istio-proxy-config';

function commonView(spec: JsonMap): CommonView {
  const revision = textAt(spec, 'values.revision');
  return {
    namespace: textAt(spec, 'values.global.istioNamespace'),
    revision: revision || 'default',
    suffix: revision === '' ? '' : `-${revision}`,
    configNamespace,
    clusterDomain: textAt(spec, 'values.global.proxy.clusterDomain', 'cluster.local'),
  };
}

export function baseView(spec: JsonMap): object {
  const validate =
    flagAt(spec, 'values.global.configValidation', true) && textAt(spec, 'values.defaultRevision') !== '';
  return { ...commonView(spec), validate };
}

export function pilotView(spec: JsonMap, settings: JsonMap): object {
  const values = mapAt(spec, 'values');
  const pilot = mapAt(values, 'pilot');
  const common = commonView(spec);
  const autoscale = autoscaling(pilot, settings);
  return {
    ...common,
    ...podView(pilot, spec),
    ...autoscale,
    image: imageOf(spec, settings, pilot, textAt(pilot, 'image', 'pilot')),
    replicas: autoscale.autoscale
      ? null
      : numberOf(mapAt(settings, 'k8s')['replicaCount'] ?? pilot['replicaCount'], 1),
    budget: flagAt(values, 'global.defaultPodDisruptionBudget.enabled', true),
    logLevel: textAt(values, 'global.logging.level', 'default:info'),
    logAsJson: flagAt(values, 'global.logAsJson', false),
    validate: flagAt(values, 'global.configValidation', true),
    traceSampling: textAt(pilot, 'traceSampling', '1'),
    serviceAnnotations: mapAt(pilot, 'serviceAnnotations'),
    env: Object.entries(mapAt(pilot, 'env')).map(([name, value]) => ({
      name,
      value: typeof value === 'string' ? value : JSON.stringify(value),
    })),
    configMap: flagAt(pilot, 'configMap', true),
    mesh: mapAt(values, 'meshConfig'),
    meshNetworks: { networks: mapAt(values, 'global.meshNetworks') },
    injector: injectorView(values),
    injectionValues: injectionValues(values),
    defaultRevision: common.suffix === '',
    injectByDefault: flagAt(values, 'sidecarInjectorWebhook.enableNamespacesByDefault', false),
    reinvocationPolicy: textAt(values, 'sidecarInjectorWebhook.reinvocationPolicy', 'Never'),
  };
}

/** The injector's own settings: key `config` of ConfigMap istio-sidecar-injector. */
function injectorView(values: JsonMap): JsonMap {
  const webhook = mapAt(values, 'sidecarInjectorWebhook');
  return {
    policy: textAt(values, 'global.proxy.autoInject', 'enabled'),
    alwaysInjectSelector: valueAt(webhook, 'alwaysInjectSelector') ?? [],
    neverInjectSelector: valueAt(webhook, 'neverInjectSelector') ?? [],
    injectedAnnotations: mapAt(webhook, 'injectedAnnotations'),
  };
}

/** The values injection reads; what concerns deployments of our own stays out, so that their changes do not touch the injector. */
function injectionValues(values: JsonMap): JsonMap {
  const { istio_cni: cni, global, sidecarInjectorWebhook, revision } = values;
  return {
    global: global ?? {},
    sidecarInjectorWebhook: sidecarInjectorWebhook ?? {},
    revision: revision ?? '',
    ...(cni !== undefined && { istio_cni: cni }),
    pilot: { cni: valueAt(values, 'pilot.cni') ?? { enabled: false } },
  };
}

export function gatewayView(spec: JsonMap, settings: JsonMap): object {
  const values = mapAt(spec, 'values');
  const name = textAt(settings, 'name');
  const common = commonView(spec);
  const egress = isEgress(spec, name);
  const kind = egress ? 'istio-egressgateway' : 'istio-ingressgateway';
  // Every gateway of a kind takes the kind's values; what differs is said in its `k8s` settings.
  const gateway = mapAt(values, `gateways.${kind}`);
  const labels = {
    ...mapAt(gateway, 'labels'),
    ...(name !== kind && { app: name }),
    ...mapAt(settings, 'label'),
  };
  const autoscale = autoscaling(gateway, settings);
  return {
    ...common,
    ...podView(gateway, spec),
    ...autoscale,
    name,
    component: egress ? 'EgressGateways' : 'IngressGateways',
    gatewayNamespace: textAt(settings, 'namespace') || common.namespace,
    image: imageOf(spec, settings, {}, textAt(values, 'global.proxy.image', 'proxyv2')),
    replicas: autoscale.autoscale
      ? null
      : numberOf(mapAt(settings, 'k8s')['replicaCount'] ?? gateway['replicaCount'], 1),
    budget: flagAt(values, 'global.defaultPodDisruptionBudget.enabled', true),
    labels,
    serviceType: textAt(gateway, 'type', 'LoadBalancer'),
    service: serviceExtras(gateway),
    serviceAnnotations: mapAt(gateway, 'serviceAnnotations'),
    ports: valueAt(gateway, 'ports') ?? [],
    containerPorts: containerPorts(gateway['ports']),
    env: Object.entries(mapAt(gateway, 'env')).map(([key, value]) => ({ name: key, value: String(value) })),
    proxyConfig: JSON.stringify(mapAt(values, 'meshConfig.defaultConfig')),
    proxyLogLevel: textAt(values, 'global.proxy.logLevel', 'warning'),
    proxyComponentLogLevel: textAt(values, 'global.proxy.componentLogLevel', 'misc:error'),
    logLevel: textAt(values, 'global.logging.level', 'default:info'),
    meshId: textAt(values, 'global.meshID'),
    trustDomain: textAt(values, 'meshConfig.trustDomain', 'cluster.local'),
    clusterId: textAt(values, 'global.multiCluster.clusterName') || 'Kubernetes',
    network: textAt(values, 'global.network'),
  };
}

function isEgress(spec: JsonMap, name: string): boolean {
  const list = valueAt(spec, 'components.egressGateways');
  return Array.isArray(list) && list.some((entry) => textAt(entry, 'name') === name);
}

/** Fields of the Service that values may set and that most leave alone. */
function serviceExtras(gateway: JsonMap): JsonMap {
  const names = [
    'loadBalancerIP',
    'loadBalancerSourceRanges',
    'externalTrafficPolicy',
    'externalIPs',
    'loadBalancerClass',
    'ipFamilies',
    'ipFamilyPolicy',
  ];
  const set = names.filter((name) => !isEmpty(gateway[name]));
  return Object.fromEntries(set.map((name) => [name, gateway[name] as Json]));
}

function isEmpty(value: Json | undefined): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

function containerPorts(servicePorts: Json | undefined): JsonMap[] {
  const numbers = (Array.isArray(servicePorts) ? servicePorts : []).map((port) =>
    Number(valueAt(port, 'targetPort') ?? valueAt(port, 'port')),
  );
  const unique = [...new Set(numbers)].filter((port) => Number.isInteger(port) && port !== 15090);
  return unique.map((containerPort) => ({ containerPort, protocol: 'TCP' }));
}

interface Autoscaling {
  readonly autoscale: boolean;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly cpuTarget: number;
  readonly maxSurge: Json;
  readonly maxUnavailable: Json;
}

function autoscaling(values: JsonMap, settings: JsonMap): Autoscaling {
  const asked = valueAt(settings, 'k8s.hpaSpec') !== undefined;
  return {
    autoscale: asked || flagAt(values, 'autoscaleEnabled', false),
    minReplicas: numberOf(values['autoscaleMin'], 1),
    maxReplicas: numberOf(values['autoscaleMax'], 5),
    cpuTarget: numberOf(valueAt(values, 'cpu.targetAverageUtilization'), 80),
    maxSurge: values['rollingMaxSurge'] ?? '100%',
    maxUnavailable: values['rollingMaxUnavailable'] ?? '25%',
  };
}

/** Scheduling and resources, which control plane and gateways share. */
function podView(values: JsonMap, spec: JsonMap): object {
  const pullSecrets = valueAt(spec, 'values.global.imagePullSecrets');
  return {
    resources: mapAt(values, 'resources'),
    nodeSelector: mapAt(values, 'nodeSelector'),
    tolerations: valueAt(values, 'tolerations') ?? [],
    affinity: mapAt(values, 'affinity'),
    podAnnotations: mapAt(values, 'podAnnotations'),
    podLabels: mapAt(values, 'podLabels'),
    pullPolicy: textAt(spec, 'values.global.imagePullPolicy'),
    pullSecrets: (Array.isArray(pullSecrets) ? pullSecrets : []).map((name) => ({ name })),
    priorityClass: textAt(spec, 'values.global.priorityClassName'),
  };
}

/** `hub/image:tag`; the component's own hub and tag win, an image with a slash is taken as it is. */
function imageOf(spec: JsonMap, settings: JsonMap, values: JsonMap, image: string): string {
  if (image.includes('/')) return image;
  const hub = textAt(settings, 'hub') || textAt(values, 'hub') || textAt(spec, 'values.global.hub');
  const tag = textAt(settings, 'tag') || textAt(values, 'tag') || textAt(spec, 'values.global.tag');
  return `${hub}/${image}:${tag}`;
}

function numberOf(value: Json | undefined, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

import type { LabelSelector } from './selector.ts';

/**
 * Everything injection depends on besides the pod: what Istio keeps in ConfigMap `istio-sidecar-injector` (`config` and `values`) and in
 * the mesh configuration. Built by `injectionConfig`; engines take it as an argument.
 */
export interface InjectionConfig {
  readonly policy: 'enabled' | 'disabled';
  readonly neverInjectSelector: readonly LabelSelector[];
  readonly alwaysInjectSelector: readonly LabelSelector[];
  readonly injectedAnnotations: Readonly<Record<string, string>>;
  readonly revision: string;
  readonly image: string;
  readonly initImage: string;
  readonly imagePullPolicy: string | undefined;
  readonly imagePullSecrets: readonly string[];
  readonly clusterDomain: string;
  readonly clusterId: string;
  readonly trustDomain: string;
  readonly meshId: string;
  readonly network: string;
  readonly logLevel: string;
  readonly componentLogLevel: string;
  readonly agentLogLevel: string;
  readonly resources: Readonly<Record<string, unknown>>;
  readonly initResources: Readonly<Record<string, unknown>>;
  readonly capture: CaptureDefaults;
  readonly statusPort: number;
  readonly readiness: ProbeTiming;
  readonly holdApplicationUntilProxyStarts: boolean;
  readonly rewriteAppHTTPProbe: boolean;
  readonly enablePrometheusMerge: boolean;
  /** Put the proxy among the init containers with `restartPolicy: Always`. */
  readonly nativeSidecars: boolean;
  /** meshConfig.defaultConfig, handed to the agent as PROXY_CONFIG. */
  readonly proxyConfig: Readonly<Record<string, unknown>>;
  /** The CNI node agent sets iptables up; an `istio-validation` container takes the place of `istio-init`. */
  readonly cni: boolean;
}

export interface CaptureDefaults {
  readonly includeIPRanges: string;
  readonly excludeIPRanges: string;
  readonly includeInboundPorts: string;
  readonly excludeInboundPorts: string;
  readonly includeOutboundPorts: string;
  readonly excludeOutboundPorts: string;
}

export interface ProbeTiming {
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

type Json = Record<string, unknown>;

/** What the control plane reads: the parsed `values` and `config` of ConfigMap `istio-sidecar-injector`, and the mesh configuration. */
export interface InjectionInputs {
  readonly values: Json;
  readonly config: Json;
  readonly meshConfig: Json;
  readonly nativeSidecars: boolean;
}

/** Reads Istio's value tree (`global.proxy.…`, `sidecarInjectorWebhook.…`, `istio_cni`, `revision`), with Istio's defaults. */
export function injectionConfig(inputs: InjectionInputs): InjectionConfig {
  const { values, config, meshConfig } = inputs;
  const global = object(values['global']);
  const proxy = object(global['proxy']);
  const proxyInit = object(global['proxy_init']);
  const webhook = object(values['sidecarInjectorWebhook']);
  const proxyConfig = object(meshConfig['defaultConfig']);
  const image = imageName(global, text(proxy['image'], 'proxyv2'));
  return {
    policy: text(config['policy'], 'enabled') === 'disabled' ? 'disabled' : 'enabled',
    neverInjectSelector: selectors(config['neverInjectSelector'] ?? webhook['neverInjectSelector']),
    alwaysInjectSelector: selectors(config['alwaysInjectSelector'] ?? webhook['alwaysInjectSelector']),
    injectedAnnotations: object(config['injectedAnnotations'] ?? webhook['injectedAnnotations']) as Record<
      string,
      string
    >,
    revision: text(values['revision'], '') || 'default',
    image,
    initImage: imageName(global, text(proxyInit['image'], text(proxy['image'], 'proxyv2'))),
    imagePullPolicy: text(global['imagePullPolicy'], '') || undefined,
    imagePullSecrets: (Array.isArray(global['imagePullSecrets']) ? global['imagePullSecrets'] : []).map(
      String,
    ),
    clusterDomain: text(proxy['clusterDomain'], 'cluster.local'),
    clusterId: text(object(global['multiCluster'])['clusterName'], '') || 'Kubernetes',
    trustDomain: text(meshConfig['trustDomain'], 'cluster.local'),
    meshId: text(global['meshID'], '') || text(meshConfig['trustDomain'], 'cluster.local'),
    network: text(global['network'], ''),
    logLevel: text(proxy['logLevel'], 'warning'),
    componentLogLevel: text(proxy['componentLogLevel'], 'misc:error'),
    agentLogLevel: text(object(global['logging'])['level'], 'default:info'),
    resources: object(proxy['resources']),
    initResources:
      Object.keys(object(proxyInit['resources'])).length > 0
        ? object(proxyInit['resources'])
        : object(proxy['resources']),
    capture: captureDefaults(proxy),
    statusPort: number(proxy['statusPort'], 15020),
    readiness: {
      initialDelaySeconds: number(proxy['readinessInitialDelaySeconds'], 0),
      periodSeconds: number(proxy['readinessPeriodSeconds'], 15),
      failureThreshold: number(proxy['readinessFailureThreshold'], 4),
    },
    holdApplicationUntilProxyStarts:
      (proxyConfig['holdApplicationUntilProxyStarts'] ?? proxy['holdApplicationUntilProxyStarts']) === true,
    rewriteAppHTTPProbe: webhook['rewriteAppHTTPProbe'] !== false,
    enablePrometheusMerge: meshConfig['enablePrometheusMerge'] !== false,
    nativeSidecars: inputs.nativeSidecars,
    proxyConfig,
    cni:
      object(values['istio_cni'])['enabled'] === true ||
      object(object(values['pilot'])['cni'])['enabled'] === true,
  };
}

function captureDefaults(proxy: Json): CaptureDefaults {
  return {
    includeIPRanges: text(proxy['includeIPRanges'], '*'),
    excludeIPRanges: text(proxy['excludeIPRanges'], ''),
    includeInboundPorts: text(proxy['includeInboundPorts'], '*'),
    excludeInboundPorts: text(proxy['excludeInboundPorts'], ''),
    includeOutboundPorts: text(proxy['includeOutboundPorts'], ''),
    excludeOutboundPorts: text(proxy['excludeOutboundPorts'], ''),
  };
}

/** `hub/image:tag[-variant]`, or the image itself when it names a registry or folder. */
function imageName(global: Json, image: string): string {
  if (image.includes('/')) return image;
  const tag = String(global['tag'] ?? 'latest');
  const variant = text(global['variant'], '');
  return `${text(global['hub'], 'docker.io/lateen')}/${image}:${tag}${variant === '' ? '' : `-${variant}`}`;
}

function object(value: unknown): Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {};
}

function text(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

function number(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

function selectors(value: unknown): LabelSelector[] {
  return Array.isArray(value) ? (value as LabelSelector[]) : [];
}

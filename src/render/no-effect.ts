import { type Issue, warning } from '../base/issue.ts';
import { isMap, type Json, type JsonMap, mapAt, textAt } from './json.ts';

/** Values that templates, injection or the control plane act on; `*` stands for one key, a trailing `**` for all below. */
const actedOn: readonly string[] = [
  'revision',
  'defaultRevision',
  'meshConfig.**',
  'istio_cni.enabled',
  'global.hub',
  'global.tag',
  'global.variant',
  'global.istioNamespace',
  'global.imagePullPolicy',
  'global.imagePullSecrets',
  'global.priorityClassName',
  'global.logAsJson',
  'global.logging.level',
  'global.meshID',
  'global.network',
  'global.multiCluster.clusterName',
  'global.defaultPodDisruptionBudget.enabled',
  'global.configValidation',
  'global.proxy.image',
  'global.proxy.autoInject',
  'global.proxy.clusterDomain',
  'global.proxy.logLevel',
  'global.proxy.componentLogLevel',
  'global.proxy.includeIPRanges',
  'global.proxy.excludeIPRanges',
  'global.proxy.includeInboundPorts',
  'global.proxy.excludeInboundPorts',
  'global.proxy.includeOutboundPorts',
  'global.proxy.excludeOutboundPorts',
  'global.proxy.statusPort',
  'global.proxy.readinessInitialDelaySeconds',
  'global.proxy.readinessPeriodSeconds',
  'global.proxy.readinessFailureThreshold',
  'global.proxy.holdApplicationUntilProxyStarts',
  'global.proxy.resources.**',
  'global.proxy_init.image',
  'global.proxy_init.resources.**',
  'sidecarInjectorWebhook.enableNamespacesByDefault',
  'sidecarInjectorWebhook.rewriteAppHTTPProbe',
  'sidecarInjectorWebhook.reinvocationPolicy',
  'sidecarInjectorWebhook.alwaysInjectSelector',
  'sidecarInjectorWebhook.neverInjectSelector',
  'sidecarInjectorWebhook.injectedAnnotations.**',
  'pilot.image',
  'pilot.hub',
  'pilot.tag',
  'pilot.traceSampling',
  'pilot.configMap',
  'pilot.cni.enabled',
  'gateways.*.enabled',
  'gateways.*.type',
  'gateways.*.labels.**',
  'gateways.*.ports',
  'gateways.*.loadBalancerIP',
  'gateways.*.loadBalancerSourceRanges',
  'gateways.*.externalTrafficPolicy',
  ...['pilot', 'gateways.*'].flatMap((owner) =>
    [
      'autoscaleEnabled',
      'autoscaleMin',
      'autoscaleMax',
      'cpu.targetAverageUtilization',
      'replicaCount',
      'rollingMaxSurge',
      'rollingMaxUnavailable',
      'env.**',
      'podAnnotations.**',
      'podLabels.**',
      'serviceAnnotations.**',
      'nodeSelector.**',
      'tolerations',
      'affinity.**',
      'resources.**',
    ].map((field) => `${owner}.${field}`),
  ),
];

const patterns = actedOn.map((pattern) => pattern.split('.'));

/** Fields outside `values` that are taken for compatibility and change nothing. */
const idleFields = [
  'installPackagePath',
  'resourceSuffix',
  'compatibilityVersion',
  'components.pilot.namespace',
  'components.base.namespace',
];

/**
 * Warnings for what a user set and nothing acts on yet, so that nothing is ignored in silence. Repeating the profile's own value is no
 * setting.
 */
export function withoutEffect(user: JsonMap, profile: JsonMap): Issue[] {
  const values = unmatched(mapAt(user, 'values'), mapAt(profile, 'values'), []).map(
    (path) => `values.${path.join('.')}`,
  );
  const fields = idleFields.filter((path) => textAt(user, path) !== '');
  return [...fields, ...values].map((path) =>
    warning('NoEffect', `spec.${path}`, 'is accepted but has no effect yet'),
  );
}

function unmatched(value: Json, base: Json | undefined, path: readonly string[]): string[][] {
  if (isMap(value) && Object.keys(value).length > 0 && !covered(path)) {
    return Object.entries(value).flatMap(([key, entry]) =>
      unmatched(entry, isMap(base) ? base[key] : undefined, [...path, key]),
    );
  }
  if (path.length === 0 || covered(path) || JSON.stringify(value) === JSON.stringify(base)) return [];
  return [[...path]];
}

function covered(path: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const open = pattern.at(-1) === '**';
    const fixed = open ? pattern.slice(0, -1) : pattern;
    if (open ? path.length < fixed.length : path.length !== fixed.length) return false;
    return fixed.every((step, index) => step === '*' || step === path[index]);
  });
}

import { createPatch, type Operation } from 'rfc6902';
import { formatIssue, type Issue } from '../base/issue.ts';
import type { InjectionConfig } from './config.ts';
import { decide } from './decide.ts';
import type { Container, Pod, Volume } from './pod.ts';
import { proxyContainerName, workloadOf } from './pod.ts';
import { rewriteProbes } from './probes.ts';
import { initContainer, proxyContainer, proxyVolumes, type Sidecar } from './proxy-container.ts';
import { proxyAnnotation, proxyName } from './proxy-name.ts';
import { sidecarSettings } from './settings.ts';

export type InjectionResult =
  | { readonly kind: 'injected'; readonly pod: Pod; readonly patch: Operation[] }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'refused'; readonly issues: readonly Issue[]; readonly message: string };

export interface InjectionTarget {
  readonly namespace: string;
  /** The workload, when the caller knows it (offline injection into a Deployment); else read from the pod's owner. */
  readonly workload?: { name: string; kind: string; apiVersion: string };
}

/**
 * Adds the sidecar to a pod, or says why not. A pure function: the webhook sends `patch`, offline injection prints `pod`; both are equal
 * because neither adds anything. A malformed annotation refuses the pod, naming the annotation, as Istio does.
 */
export function injectPod(pod: Pod, target: InjectionTarget, config: InjectionConfig): InjectionResult {
  const decision = decide(pod, target.namespace, config);
  if (!decision.inject) return { kind: 'skipped', reason: decision.reason };
  const { settings, issues } = sidecarSettings(pod, config);
  if (issues.length > 0) return { kind: 'refused', issues, message: issues.map(formatIssue).join('; ') };
  const workload = target.workload ?? workloadOf(pod);
  const { containers, probes } = settings.rewriteProbes
    ? rewriteProbes(pod, settings.statusPort)
    : { containers: pod.spec.containers, probes: {} };
  const sidecar: Sidecar = {
    pod,
    namespace: target.namespace,
    workload,
    proxyName: proxyName(pod, target.namespace, workload.name),
    config,
    settings,
    appProbes: probes,
  };
  const injected = withSidecar(pod, containers, sidecar);
  return { kind: 'injected', pod: injected, patch: createPatch(pod, injected) };
}

function withSidecar(pod: Pod, containers: Container[], sidecar: Sidecar): Pod {
  const init = sidecar.settings.interceptionMode === 'NONE' ? [] : [initContainer(sidecar)];
  // A container named istio-proxy that the user wrote customises ours: its fields win over the defaults.
  const custom = containers.find((container) => container.name === proxyContainerName);
  const proxy = { ...proxyContainer(sidecar), ...custom };
  if (custom?.image === 'auto') proxy.image = sidecar.settings.image;
  const apps = containers.filter((container) => container !== custom);
  const { native, holdApplication } = sidecar.settings;
  const initContainers = [...init, ...(native ? [proxy] : []), ...(pod.spec.initContainers ?? [])];
  const mainContainers = native ? apps : holdApplication ? [proxy, ...apps] : [...apps, proxy];
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: labels(pod, sidecar), annotations: annotations(pod, sidecar, init) },
    spec: {
      ...pod.spec,
      ...(initContainers.length > 0 && { initContainers }),
      containers: mainContainers,
      volumes: mergeVolumes(pod.spec.volumes ?? []),
      securityContext: { fsGroup: 1337, ...pod.spec.securityContext },
      ...(sidecar.config.imagePullSecrets.length > 0 && {
        imagePullSecrets: sidecar.config.imagePullSecrets.map((name) => ({ name })),
      }),
    },
  };
}

function mergeVolumes(own: Volume[]): Volume[] {
  const taken = new Set(own.map((volume) => volume.name));
  return [...proxyVolumes.filter((volume) => !taken.has(volume.name)), ...own];
}

/** Istio's canonical service labels, from the recommended app labels or the workload's name. */
function labels(pod: Pod, sidecar: Sidecar): Record<string, string> {
  const own = pod.metadata.labels ?? {};
  const name =
    own['service.istio.io/canonical-name'] ??
    own['app.kubernetes.io/name'] ??
    own['app'] ??
    sidecar.workload.name;
  const revision =
    own['service.istio.io/canonical-revision'] ??
    own['app.kubernetes.io/version'] ??
    own['version'] ??
    'latest';
  return {
    ...own,
    'service.istio.io/canonical-name': name.slice(0, 63),
    'service.istio.io/canonical-revision': revision,
  };
}

function annotations(pod: Pod, sidecar: Sidecar, init: Container[]): Record<string, string> {
  const own = pod.metadata.annotations ?? {};
  const { config, settings } = sidecar;
  const firstApp = pod.spec.containers.find((container) => container.name !== proxyContainerName)?.name;
  const status = {
    initContainers: [
      ...init.map((container) => container.name),
      ...(settings.native ? [proxyContainerName] : []),
    ],
    containers: settings.native ? [] : [proxyContainerName],
    volumes: proxyVolumes.map((volume) => volume.name),
    imagePullSecrets: config.imagePullSecrets.length > 0 ? config.imagePullSecrets : null,
    revision: config.revision,
  };
  return {
    ...(firstApp && {
      'kubectl.kubernetes.io/default-container': firstApp,
      'kubectl.kubernetes.io/default-logs-container': firstApp,
    }),
    ...config.injectedAnnotations,
    ...own,
    ...(settings.prometheusMerge && prometheusAnnotations(own, settings.statusPort)),
    'istio.io/rev': config.revision,
    [proxyAnnotation]: sidecar.proxyName,
    'sidecar.istio.io/status': JSON.stringify(status),
  };
}

/** Points scrapers at the agent's merged page; the application's own page is scraped by the agent (ISTIO_PROMETHEUS_ANNOTATIONS). */
function prometheusAnnotations(own: Readonly<Record<string, string>>, port: number): Record<string, string> {
  if (own['prometheus.io/scrape'] === 'false') return {};
  return {
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': String(port),
    'prometheus.io/path': '/stats/prometheus',
  };
}

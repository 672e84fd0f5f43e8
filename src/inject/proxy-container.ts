import { ports, proxyUid } from '../base/ports.ts';
import type { InjectionConfig } from './config.ts';
import type { Container, EnvVar, Pod, Probe, Volume, VolumeMount } from './pod.ts';
import { initContainerName, proxyContainerName } from './pod.ts';
import type { SidecarSettings } from './settings.ts';

/** What the container builders need to know about one pod. */
export interface Sidecar {
  readonly pod: Pod;
  readonly namespace: string;
  readonly workload: { name: string; kind: string; apiVersion: string };
  readonly proxyName: string;
  readonly config: InjectionConfig;
  readonly settings: SidecarSettings;
  /** The application's probes as the agent will run them, by their new path; JSON for ISTIO_KUBE_APP_PROBERS. */
  readonly appProbes: Readonly<Record<string, unknown>>;
}

/** The init container that sets up capture; with CNI it only verifies that somebody did. */
export function initContainer(sidecar: Sidecar): Container {
  const { config, settings } = sidecar;
  const capture = !config.cni;
  return {
    name: capture ? initContainerName : 'istio-validation',
    image: config.initImage,
    ...(config.imagePullPolicy && { imagePullPolicy: config.imagePullPolicy }),
    args: [
      'istio-iptables',
      ...['-p', String(ports.outboundCapture), '-z', String(ports.inboundCapture), '-u', String(proxyUid)],
      ...['-m', settings.interceptionMode, '-i', settings.includeIPRanges, '-x', settings.excludeIPRanges],
      ...['-b', settings.includeInboundPorts, '-d', settings.excludeInboundPorts],
      ...(settings.includeOutboundPorts === '' ? [] : ['-q', settings.includeOutboundPorts]),
      ...(settings.excludeOutboundPorts === '' ? [] : ['-o', settings.excludeOutboundPorts]),
      `--log_output_level=${config.agentLogLevel}`,
      ...(capture ? [] : ['--run-validation', '--skip-rule-apply']),
    ],
    ...(Object.keys(config.initResources).length > 0 && { resources: config.initResources }),
    securityContext: capture
      ? {
          allowPrivilegeEscalation: false,
          privileged: false,
          capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
          readOnlyRootFilesystem: false,
          runAsGroup: 0,
          runAsNonRoot: false,
          runAsUser: 0,
        }
      : unprivileged(),
  };
}

/** The `istio-proxy` container: agent and proxy. */
export function proxyContainer(sidecar: Sidecar): Container {
  const { config, settings } = sidecar;
  return {
    name: proxyContainerName,
    image: settings.image,
    ...(config.imagePullPolicy && { imagePullPolicy: config.imagePullPolicy }),
    args: [
      'proxy',
      'sidecar',
      ...['--domain', `$(POD_NAMESPACE).svc.${config.clusterDomain}`],
      `--proxyLogLevel=${settings.logLevel}`,
      `--proxyComponentLogLevel=${settings.componentLogLevel}`,
      `--log_output_level=${config.agentLogLevel}`,
    ],
    env: environment(sidecar),
    ports: [{ containerPort: ports.proxyPrometheus, name: 'http-envoy-prom', protocol: 'TCP' }],
    ...(Object.keys(settings.resources).length > 0 && { resources: settings.resources }),
    securityContext: unprivileged(),
    readinessProbe: readiness(settings.readiness),
    ...(settings.native && { restartPolicy: 'Always', startupProbe: startup() }),
    ...(!settings.native &&
      settings.holdApplication && {
        lifecycle: { postStart: { exec: { command: ['pilot-agent', 'wait'] } } },
      }),
    volumeMounts: proxyMounts,
  };
}

function unprivileged(): Record<string, unknown> {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsGroup: proxyUid,
    runAsNonRoot: true,
    runAsUser: proxyUid,
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

function readiness(timing: SidecarSettings['readiness']): Probe {
  return { httpGet: { path: '/healthz/ready', port: ports.healthCheck }, timeoutSeconds: 3, ...timing };
}

/** Gates the containers after a native sidecar: "ready" means the first complete configuration is served. */
function startup(): Probe {
  return {
    httpGet: { path: '/healthz/ready', port: ports.healthCheck },
    timeoutSeconds: 3,
    periodSeconds: 1,
    failureThreshold: 600,
  };
}

function environment(sidecar: Sidecar): EnvVar[] {
  const { config, settings, workload, namespace, pod } = sidecar;
  const field = (name: string, fieldPath: string): EnvVar => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  });
  const value = (name: string, text: string): EnvVar => ({ name, value: text });
  const owner = `kubernetes://apis/${workload.apiVersion}/namespaces/${namespace}/${workload.kind.toLowerCase()}s/${workload.name}`;
  const appPorts = pod.spec.containers.flatMap((container) => container.ports ?? []);
  return [
    field('POD_NAME', 'metadata.name'),
    field('POD_NAMESPACE', 'metadata.namespace'),
    field('INSTANCE_IP', 'status.podIP'),
    field('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    field('HOST_IP', 'status.hostIP'),
    field('ISTIO_META_NODE_NAME', 'spec.nodeName'),
    { name: 'ISTIO_CPU_LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '0' } } },
    value('PROXY_CONFIG_NAME', sidecar.proxyName),
    value('PROXY_CONFIG', JSON.stringify(config.proxyConfig)),
    value('ISTIO_META_POD_PORTS', JSON.stringify(appPorts)),
    value('ISTIO_META_APP_CONTAINERS', pod.spec.containers.map((container) => container.name).join(',')),
    value('ISTIO_META_CLUSTER_ID', config.clusterId),
    value('ISTIO_META_INTERCEPTION_MODE', settings.interceptionMode),
    ...(config.network === '' ? [] : [value('ISTIO_META_NETWORK', config.network)]),
    value('ISTIO_META_WORKLOAD_NAME', workload.name),
    value('ISTIO_META_OWNER', owner),
    value('ISTIO_META_MESH_ID', config.meshId),
    value('TRUST_DOMAIN', config.trustDomain),
    ...proxyMetadata(config).map(([name, text]) => value(name, text)),
    ...scrapeTarget(pod, settings).map((target) => value('ISTIO_PROMETHEUS_ANNOTATIONS', target)),
    ...(Object.keys(sidecar.appProbes).length === 0
      ? []
      : [value('ISTIO_KUBE_APP_PROBERS', JSON.stringify(sidecar.appProbes))]),
  ];
}

/** meshConfig.defaultConfig.proxyMetadata: environment of every proxy. */
function proxyMetadata(config: InjectionConfig): [string, string][] {
  const metadata = config.proxyConfig['proxyMetadata'];
  return metadata !== null && typeof metadata === 'object'
    ? Object.entries(metadata).map(([name, text]) => [name, String(text)])
    : [];
}

/** Where the application publishes its own metrics, for the agent to merge into its page. */
function scrapeTarget(pod: Pod, settings: SidecarSettings): string[] {
  const own = pod.metadata.annotations ?? {};
  if (!settings.prometheusMerge || own['prometheus.io/scrape'] !== 'true') return [];
  const target = {
    scrape: 'true',
    path: own['prometheus.io/path'] ?? '/metrics',
    port: own['prometheus.io/port'] ?? '80',
  };
  return [JSON.stringify(target)];
}

/** Where the agent finds its credential for the Kubernetes API, apart from the application's own token mount. */
export const apiAccessPath = '/var/run/secrets/istio-api';

const proxyMounts: VolumeMount[] = [
  { name: 'istio-data', mountPath: '/var/lib/istio/data' },
  { name: 'istio-envoy', mountPath: '/etc/istio/proxy' },
  { name: 'istio-api-access', mountPath: apiAccessPath, readOnly: true },
  { name: 'istio-podinfo', mountPath: '/etc/istio/pod' },
];

/** The volumes behind the mounts above. The token is short-lived and bound to the pod; the agent's Roles allow reading its configuration only. */
export const proxyVolumes: readonly Volume[] = [
  { name: 'istio-envoy', emptyDir: { medium: 'Memory' } },
  { name: 'istio-data', emptyDir: {} },
  {
    name: 'istio-podinfo',
    downwardAPI: {
      items: [
        { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
        { path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } },
      ],
    },
  },
  {
    name: 'istio-api-access',
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  },
];

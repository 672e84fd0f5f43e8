/** How a value is written. */
export type AnnotationForm =
  | 'bool'
  | 'uint32'
  | 'port'
  | 'ports'
  | 'portsOrAll'
  | 'subnets'
  | 'subnetsOrAll'
  | 'interfaces'
  | 'quantity'
  | 'interceptionMode'
  | 'proxyConfig'
  | 'text';

/** An annotation or label that the mesh reads or writes. */
export interface AnnotationRow {
  readonly name: string;
  readonly type: 'annotation' | 'label';
  /** Kinds that carry it. */
  readonly on: readonly string[];
  readonly form: AnnotationForm;
  readonly meaning: string;
  /** Set by the mesh, not by users. */
  readonly internal?: true;
  /** What to use instead. */
  readonly instead?: string;
}

type More = Pick<AnnotationRow, 'internal' | 'instead'>;

function pod(name: string, form: AnnotationForm, meaning: string, more: More = {}): AnnotationRow {
  return { name, type: 'annotation', on: ['Pod'], form, meaning, ...more };
}

function annotation(name: string, on: string, meaning: string, more: More = {}): AnnotationRow {
  return { name, type: 'annotation', on: on.split(' '), form: 'text', meaning, ...more };
}

function label(name: string, on: string, meaning: string, more: More = {}): AnnotationRow {
  return { name, type: 'label', on: on.split(' '), form: 'text', meaning, ...more };
}

const internal = { internal: true } as const;
const sidecar = 'sidecar.istio.io/';
const traffic = 'traffic.sidecar.istio.io/';
const readiness = 'readiness.status.sidecar.istio.io/';

/** Annotations of pods that decide about the injected proxy. */
const podRows: readonly AnnotationRow[] = [
  pod(`${sidecar}inject`, 'bool', 'Whether the pod gets a sidecar; the label of this name wins over it.', {
    instead: 'the label',
  }),
  pod(`${sidecar}status`, 'text', 'What injection did, as JSON.', internal),
  pod(`${sidecar}rewriteAppHTTPProbers`, 'bool', 'Whether HTTP probes are sent through the agent.'),
  pod(`${sidecar}discoveryAddress`, 'text', 'Address of the control plane.', {
    instead: 'proxy.istio.io/config',
  }),
  pod(`${sidecar}proxyImage`, 'text', 'Image of the proxy.'),
  pod(`${sidecar}proxyImageType`, 'text', 'Variant of the image: default, distroless, debug.'),
  pod(`${sidecar}proxyCPU`, 'quantity', 'CPU request of the proxy.'),
  pod(`${sidecar}proxyCPULimit`, 'quantity', 'CPU limit of the proxy.'),
  pod(`${sidecar}proxyMemory`, 'quantity', 'Memory request of the proxy.'),
  pod(`${sidecar}proxyMemoryLimit`, 'quantity', 'Memory limit of the proxy.'),
  pod(
    `${sidecar}interceptionMode`,
    'interceptionMode',
    'How connections are captured: REDIRECT, TPROXY or NONE.',
  ),
  pod(`${sidecar}bootstrapOverride`, 'text', 'ConfigMap with a bootstrap to merge in.'),
  pod(`${sidecar}statsInclusionPrefixes`, 'text', 'Statistics to keep, by how they begin.', {
    instead: 'proxyStatsMatcher',
  }),
  pod(`${sidecar}statsInclusionSuffixes`, 'text', 'Statistics to keep, by how they end.', {
    instead: 'proxyStatsMatcher',
  }),
  pod(`${sidecar}statsInclusionRegexps`, 'text', 'Statistics to keep, by expression.', {
    instead: 'proxyStatsMatcher',
  }),
  pod(`${sidecar}statsHistogramBuckets`, 'text', 'Bounds of histograms, as JSON by prefix.'),
  pod(`${sidecar}statsHistogramBins`, 'text', 'Bins of histograms, as JSON by prefix.'),
  pod(`${sidecar}statsFlushInterval`, 'text', 'Time between two reports of pushed statistics.'),
  pod(`${sidecar}statsEvictionInterval`, 'text', 'Time after which unused metrics are dropped.'),
  pod(`${sidecar}statsCompression`, 'text', 'Compression of the metrics page.', {
    instead: 'statsCompression of the proxy configuration',
  }),
  pod(`${sidecar}extraStatTags`, 'text', 'Further tags kept in metrics.', { instead: 'the Telemetry API' }),
  pod(`${sidecar}userVolume`, 'text', 'Further volumes, as a JSON list or object.'),
  pod(`${sidecar}userVolumeMount`, 'text', 'Where they are seen, as a JSON list or object.'),
  pod(`${sidecar}logLevel`, 'text', 'Log level of the proxy.'),
  pod(`${sidecar}componentLogLevel`, 'text', 'Log levels of parts of the proxy: `misc:error`.'),
  pod(`${sidecar}agentLogLevel`, 'text', 'Log levels of the agent: `default:info`.'),
  pod(`${sidecar}nativeSidecar`, 'bool', 'Whether the proxy is an init container that keeps running.'),
  pod('status.sidecar.istio.io/port', 'port', 'Port of the status page; 0 turns it off.'),
  pod(`${readiness}initialDelaySeconds`, 'uint32', 'Seconds before the first readiness probe.'),
  pod(`${readiness}periodSeconds`, 'uint32', 'Seconds between readiness probes.'),
  pod(`${readiness}failureThreshold`, 'uint32', 'Failed readiness probes in a row.'),
  pod(`${readiness}applicationPorts`, 'text', 'Ports of the application.'),
  pod(
    `${traffic}includeOutboundIPRanges`,
    'subnetsOrAll',
    'Ranges whose outbound traffic is captured; `*` for all.',
  ),
  pod(`${traffic}excludeOutboundIPRanges`, 'subnets', 'Ranges whose outbound traffic is not captured.'),
  pod(
    `${traffic}includeInboundPorts`,
    'portsOrAll',
    'Ports whose inbound traffic is captured; `*` for all, empty for none.',
  ),
  pod(`${traffic}excludeInboundPorts`, 'ports', 'Ports whose inbound traffic is not captured.'),
  pod(
    `${traffic}includeOutboundPorts`,
    'text',
    'Ports whose outbound traffic is captured whatever the address.',
  ),
  pod(`${traffic}excludeOutboundPorts`, 'ports', 'Ports whose outbound traffic is not captured.'),
  pod(`${traffic}excludeInterfaces`, 'interfaces', 'Network interfaces that are left alone.'),
  pod(`${traffic}kubevirtInterfaces`, 'interfaces', 'Interfaces whose inbound traffic counts as outbound.', {
    instead: 'istio.io/reroute-virtual-interfaces',
  }),
  pod(
    'istio.io/reroute-virtual-interfaces',
    'interfaces',
    'Interfaces whose inbound traffic counts as outbound.',
  ),
  pod('proxy.istio.io/config', 'proxyConfig', 'Settings of this proxy, in the YAML of defaultConfig.'),
  pod('proxy.istio.io/overrides', 'text', 'Changes a user made to the proxy container, as JSON.', internal),
  pod('inject.istio.io/templates', 'text', 'Injection templates to use, separated by commas.'),
  pod('prometheus.istio.io/merge-metrics', 'bool', 'Whether metrics of application and proxy are one page.'),
  pod('istio.io/rev', 'text', 'Revision of the control plane the proxy belongs to.', internal),
  pod(
    'ambient.istio.io/redirection',
    'text',
    'Whether the node captures the pod: enabled or disabled.',
    internal,
  ),
  pod('ambient.istio.io/bypass-inbound-capture', 'bool', 'Capture outbound traffic only, in ambient mode.'),
  pod('ambient.istio.io/dns-capture', 'bool', 'Whether DNS is captured, in ambient mode.'),
];

const otherRows: readonly AnnotationRow[] = [
  annotation(
    'networking.istio.io/exportTo',
    'Service',
    'Namespaces that see the service: `.`, `*`, `~` or names.',
  ),
  annotation(
    'traffic.istio.io/nodeSelector',
    'Service',
    'Nodes whose addresses are those of a NodePort gateway, as JSON.',
  ),
  annotation(
    'alpha.istio.io/kubernetes-serviceaccounts',
    'Service',
    'Service accounts that may run the service on machines.',
    { instead: 'WorkloadEntry' },
  ),
  annotation(
    'alpha.istio.io/canonical-serviceaccounts',
    'Service',
    'Other accounts that may run the service.',
    { instead: 'WorkloadEntry' },
  ),
  annotation('kubernetes.io/ingress.class', 'Ingress', 'Class of an Ingress object.'),
  annotation(
    'galley.istio.io/analyze-suppress',
    'Any',
    'Codes of findings to leave out, separated by commas; `*` for all.',
  ),
  annotation('istio.io/dry-run', 'AuthorizationPolicy', 'Count what the policy would do, do nothing.'),
  annotation(
    'istio.io/autoRegistrationGroup',
    'WorkloadEntry',
    'WorkloadGroup the entry was made from.',
    internal,
  ),
  annotation(
    'istio.io/workloadController',
    'WorkloadEntry',
    'Control plane replica the workload is connected to.',
    internal,
  ),
  annotation('istio.io/connectedAt', 'WorkloadEntry', 'When the workload connected.', internal),
  annotation('istio.io/disconnectedAt', 'WorkloadEntry', 'When the workload disconnected.', internal),
  annotation(
    'topology.istio.io/controlPlaneClusters',
    'Namespace',
    'Clusters whose control plane may take charge of this one.',
  ),
  annotation(
    'gateway.istio.io/controller-version',
    'Any',
    'Version of the controller that made the object.',
    internal,
  ),
  annotation('gateway.istio.io/service-account', 'Gateway', 'Name of the generated service account.'),
  annotation('gateway.istio.io/name-override', 'Gateway', 'Name of the generated Deployment and Service.'),
  annotation('networking.istio.io/service-type', 'Gateway', 'Type of the generated Service.'),
  annotation(
    'networking.istio.io/traffic-distribution',
    'Namespace Service ServiceEntry',
    'Which endpoints are preferred.',
  ),
  annotation(
    'istio.io/use-waypoint-canary-weight',
    'Service ServiceEntry Namespace',
    'Share of the second waypoint, in percent.',
  ),
  annotation(
    'ambient.istio.io/waypoint-inbound-binding',
    'GatewayClass Gateway',
    'How traffic reaches the waypoint.',
    internal,
  ),
];

const labelRows: readonly AnnotationRow[] = [
  { ...label(`${sidecar}inject`, 'Pod', 'Whether the pod gets a sidecar.'), form: 'bool' },
  label(
    'istio-injection',
    'Namespace',
    '`enabled` or `disabled`: whether pods of the namespace get a sidecar.',
  ),
  label('istio.io/rev', 'Namespace Gateway Pod', 'Revision or tag of the control plane.'),
  label('istio.io/tag', 'MutatingWebhookConfiguration', 'Tag the webhook stands for.', internal),
  label('istio.io/dataplane-mode', 'Pod Namespace', '`ambient` joins ambient mode, `none` stays out.'),
  label(
    'istio.io/use-waypoint',
    'Pod WorkloadEntry Service ServiceEntry Namespace',
    'Waypoint to use; `none` for none.',
  ),
  label(
    'istio.io/use-waypoint-namespace',
    'Pod WorkloadEntry Service ServiceEntry Namespace',
    'Namespace of the waypoint.',
  ),
  label(
    'istio.io/use-waypoint-canary',
    'Service ServiceEntry Namespace',
    'A second waypoint, for some of the traffic.',
  ),
  label(
    'istio.io/use-waypoint-canary-namespace',
    'Service ServiceEntry Namespace',
    'Namespace of the second waypoint.',
  ),
  label(
    'istio.io/ingress-use-waypoint',
    'Service ServiceEntry Namespace',
    'Whether gateways go through the waypoint.',
  ),
  label(
    'istio.io/waypoint-for',
    'GatewayClass Gateway',
    'Traffic the waypoint serves: service, workload, all or none.',
  ),
  label('service.istio.io/canonical-name', 'Pod', 'Name of the service in telemetry.'),
  label('service.istio.io/canonical-revision', 'Pod', 'Version of the service in telemetry.'),
  label('service.istio.io/workload-name', 'Pod WorkloadEntry', 'Name of the workload in telemetry.'),
  label('security.istio.io/tlsMode', 'Pod', 'Whether the workload takes mTLS: istio or disabled.', internal),
  label('networking.istio.io/gatewayPort', 'Service', 'Port of a gateway between networks.'),
  label(
    'networking.istio.io/enable-autoallocate-ip',
    'ServiceEntry',
    'Whether an address is allocated: true or false.',
  ),
  label('topology.istio.io/network', 'Namespace Pod Service', 'Network the workload is in.'),
  label('topology.istio.io/cluster', 'Pod', 'Cluster the workload is in.'),
  label('topology.istio.io/subzone', 'Node', 'Third level of the locality.'),
  label('topology.istio.io/locality', 'Pod', 'Locality of the workload, slashes written as dots.'),
  label(
    'operator.istio.io/component',
    'Any',
    'Component of the installation the object belongs to.',
    internal,
  ),
  label('operator.istio.io/managed', 'Any', '`Reconcile` when the operator keeps the object.', internal),
  label('operator.istio.io/version', 'Any', 'Version that installed the object.', internal),
  label(
    'gateway.istio.io/managed',
    'ServiceAccount Deployment Service',
    'Controller that made the object.',
    internal,
  ),
  label(
    'gateway.networking.k8s.io/gateway-name',
    'ServiceAccount Deployment Service',
    'Gateway the object was made for.',
    internal,
  ),
  label(
    'gateway.networking.k8s.io/gateway-class-name',
    'ServiceAccount Deployment Service',
    'Class of that gateway.',
    internal,
  ),
];

/** Every annotation and label of the mesh (istio/api annotation and label). */
export const annotationRows: readonly AnnotationRow[] = [...podRows, ...otherRows, ...labelRows];

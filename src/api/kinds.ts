/**
 * The one table of the kinds mesh users write. CRDs, watches, webhooks rules, RBAC, `istioctl` and documentation all read it.
 * Names, versions and short names are those of Istio's CRDs, so that users' files, scripts and Argo CD health checks keep working.
 */
export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly group: string;
  /** Served versions, the preferred one first. */
  readonly versions: readonly string[];
  /** The version etcd keeps; one of `versions`. */
  readonly stored: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  /** Folder of `src/api` that holds its types and validation. */
  readonly folder: 'networking' | 'security' | 'telemetry' | 'extensions' | 'install';
}

const networking = 'networking.istio.io';
const security = 'security.istio.io';
const stable = ['v1', 'v1beta1', 'v1alpha3'];

function row(
  folder: Kind['folder'],
  group: string,
  kind: string,
  plural: string,
  versions: readonly string[],
  stored: string,
  shortNames: readonly string[] = [],
): Kind {
  return {
    kind,
    plural,
    singular: kind.toLowerCase(),
    group,
    versions,
    stored,
    namespaced: true,
    shortNames,
    folder,
  };
}

export const kinds: readonly Kind[] = [
  row('networking', networking, 'VirtualService', 'virtualservices', stable, 'v1', ['vs']),
  row('networking', networking, 'DestinationRule', 'destinationrules', stable, 'v1', ['dr']),
  row('networking', networking, 'Gateway', 'gateways', stable, 'v1', ['gw']),
  row('networking', networking, 'ServiceEntry', 'serviceentries', stable, 'v1', ['se']),
  row('networking', networking, 'Sidecar', 'sidecars', stable, 'v1'),
  row('networking', networking, 'WorkloadEntry', 'workloadentries', stable, 'v1', ['we']),
  row('networking', networking, 'WorkloadGroup', 'workloadgroups', stable, 'v1', ['wg']),
  row('networking', networking, 'ProxyConfig', 'proxyconfigs', ['v1beta1'], 'v1beta1'),
  row('networking', networking, 'EnvoyFilter', 'envoyfilters', ['v1alpha3'], 'v1alpha3'),
  row('security', security, 'AuthorizationPolicy', 'authorizationpolicies', ['v1', 'v1beta1'], 'v1', ['ap']),
  row('security', security, 'PeerAuthentication', 'peerauthentications', ['v1', 'v1beta1'], 'v1', ['pa']),
  row('security', security, 'RequestAuthentication', 'requestauthentications', ['v1', 'v1beta1'], 'v1', [
    'ra',
  ]),
  row('telemetry', 'telemetry.istio.io', 'Telemetry', 'telemetries', ['v1', 'v1alpha1'], 'v1alpha1', [
    'telemetry',
  ]),
  row('extensions', 'extensions.istio.io', 'WasmPlugin', 'wasmplugins', ['v1alpha1'], 'v1alpha1'),
  row('extensions', 'extensions.istio.io', 'TrafficExtension', 'trafficextensions', ['v1alpha1'], 'v1alpha1'),
  row('install', 'install.istio.io', 'IstioOperator', 'istiooperators', ['v1alpha1'], 'v1alpha1', [
    'iop',
    'io',
  ]),
];

/** The row of a kind, or undefined. Kind names are unique over the mesh's groups. */
export function kindNamed(kind: string): Kind | undefined {
  return byName.get(kind);
}

/** The row that serves this apiVersion and kind, or undefined when the mesh does not own it. */
export function kindOf(apiVersion: string, kind: string): Kind | undefined {
  const [group, version] = apiVersion.split('/');
  const found = byName.get(kind);
  return found !== undefined && found.group === group && found.versions.includes(version ?? '')
    ? found
    : undefined;
}

const byName = new Map(kinds.map((entry) => [entry.kind, entry]));

import type { KubeObject } from '../api/object.ts';
import { resources } from '../kube/resource.ts';
import type { JsonMap } from '../render/json.ts';
import type { Library } from '../render/library.ts';
import { objectsOf, render, renderFolder } from '../render/render.ts';
import { defaultHub, defaultNamespace } from '../render/resolve.ts';
import { iopResource, ownedResources } from './ownership.ts';

export interface ManifestOptions {
  readonly hub?: string;
  readonly tag?: string;
  readonly operatorNamespace?: string;
  readonly istioNamespace?: string;
  /** Empty means all namespaces. */
  readonly watchNamespace?: string;
  readonly replicas?: number;
  readonly imagePullSecrets?: readonly string[];
}

/** A rule as Roles have it. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const read = ['get', 'list', 'watch'];
const all = [...read, 'create', 'update', 'patch', 'delete'];

/** The operator's own objects: what `kubectl apply -f` and `istioctl operator init` put into a cluster, besides the CRDs. */
export function operatorManifest(options: ManifestOptions, library: Library): KubeObject[] {
  const hub = options.hub ?? defaultHub;
  const view = {
    operatorNamespace: options.operatorNamespace ?? 'istio-operator',
    istioNamespace: options.istioNamespace ?? defaultNamespace,
    watchNamespace: options.watchNamespace ?? '',
    replicas: options.replicas ?? 1,
    pullSecrets: (options.imagePullSecrets ?? []).map((name) => ({ name })),
    image: `${hub}/operator:${options.tag ?? library.version}`,
    rules: operatorRules(library),
  };
  return renderFolder('operator', view, library);
}

/**
 * What the operator may do: handle the kinds it makes, and hold every right it hands on, since Kubernetes lets nobody grant what they lack.
 * The second part is read from the rendered Roles, so that the two cannot drift apart.
 */
export function operatorRules(library: Library): PolicyRule[] {
  const own: PolicyRule[] = [
    ...ownedResources.map(({ group, plural }) => ({ apiGroups: [group], resources: [plural], verbs: all })),
    {
      apiGroups: ['apiextensions.k8s.io'],
      resources: [resources.customResourceDefinitions.plural],
      verbs: all.filter((verb) => verb !== 'delete'),
    },
    { apiGroups: [iopResource.group], resources: [iopResource.plural], verbs: [...read, 'patch', 'update'] },
    {
      apiGroups: [iopResource.group],
      resources: ['istiooperators/status', 'istiooperators/finalizers'],
      verbs: ['get', 'patch', 'update'],
    },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'get', 'patch'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'update'] },
  ];
  return compact([...own, ...grantedRules(library)]);
}

/** Rules of all Roles that an installation with everything enabled contains. */
export function grantedRules(library: Library): PolicyRule[] {
  const everything: JsonMap = { profile: 'demo' };
  return objectsOf(render({ specs: [everything] }, library))
    .filter((object) => object.kind === 'Role' || object.kind === 'ClusterRole')
    .flatMap((object) => object['rules'] as PolicyRule[]);
}

/** One rule for each group and set of verbs; names of single objects are left out, since other installations use others. */
function compact(rules: readonly PolicyRule[]): PolicyRule[] {
  const verbs = new Map<string, Set<string>>();
  for (const rule of rules) {
    for (const group of rule.apiGroups) {
      for (const resource of rule.resources) {
        const key = `${group}/${resource}`;
        verbs.set(key, new Set([...(verbs.get(key) ?? []), ...rule.verbs]));
      }
    }
  }
  const grouped = new Map<string, PolicyRule & { resources: string[] }>();
  for (const key of [...verbs.keys()].sort()) {
    const slash = key.indexOf('/');
    const group = key.slice(0, slash);
    const may = all.filter((verb) => verbs.get(key)?.has(verb));
    const id = `${group} ${may.join(',')}`;
    const rule = grouped.get(id) ?? { apiGroups: [group], resources: [], verbs: may };
    rule.resources.push(key.slice(slash + 1));
    grouped.set(id, rule);
  }
  return [...grouped.values()];
}

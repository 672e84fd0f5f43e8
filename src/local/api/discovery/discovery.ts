import type { Fields } from '../object.ts';
import type { ResourceRegistry } from '../resources/registry.ts';
import { type ApiResource, apiVersionOf, type Subresource } from '../resources/resource.ts';

/** Groups in the order `kubectl api-resources` shows; others follow by name. */
const groupOrder = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
];

interface Group {
  readonly name: string;
  readonly versions: readonly string[];
}

/** Served groups with their versions, the preferred one first. */
export function groupsOf(registry: ResourceRegistry): Group[] {
  const versions = new Map<string, Set<string>>();
  for (const resource of registry.all()) {
    const set = versions.get(resource.group) ?? new Set();
    versions.set(resource.group, set.add(resource.version));
  }
  const rank = (name: string) => {
    const at = groupOrder.indexOf(name);
    return at < 0 ? groupOrder.length : at;
  };
  return [...versions]
    .map(([name, set]) => ({ name, versions: [...set].sort(compareVersions) }))
    .sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
}

const versionPattern = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/** Kubernetes' order of versions: GA before beta before alpha, higher numbers first, anything else last by name. */
export function compareVersions(a: string, b: string): number {
  const left = versionPattern.exec(a);
  const right = versionPattern.exec(b);
  if (left === null || right === null) {
    return left === right ? (a < b ? -1 : 1) : left === null ? 1 : -1;
  }
  const stage = (match: RegExpExecArray) => (match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0);
  return (
    stage(right) - stage(left) ||
    Number(right[1]) - Number(left[1]) ||
    Number(right[3] ?? 0) - Number(left[3] ?? 0)
  );
}

/** `/api`. */
export function coreVersions(address: string): Fields {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** `/apis`. */
export function groupList(registry: ResourceRegistry): Fields {
  const groups = groupsOf(registry).filter(({ name }) => name !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupEntry) };
}

/** `/apis/GROUP`; undefined for an unknown group. */
export function groupDocument(registry: ResourceRegistry, name: string): Fields | undefined {
  const group = groupsOf(registry).find((one) => one.name === name && name !== '');
  return group === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) };
}

function groupEntry({ name, versions }: Group): Fields {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

/** `/api/v1` and `/apis/GROUP/VERSION`; undefined when it is not served. */
export function resourceList(registry: ResourceRegistry, group: string, version: string): Fields | undefined {
  const resources = resourcesOf(registry, group, version);
  if (resources.length === 0) return undefined;
  const groupVersion = apiVersionOf({ group, version });
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion,
    resources: resources.flatMap(listedResources),
  };
}

function resourcesOf(registry: ResourceRegistry, group: string, version: string): ApiResource[] {
  return registry
    .all()
    .filter((resource) => resource.group === group && resource.version === version)
    .sort((a, b) => (a.plural < b.plural ? -1 : 1));
}

function listedResources(resource: ApiResource): Fields[] {
  const main: Fields = {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: resource.verbs,
    ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
    ...(resource.verbs.includes('list') ? { storageVersionHash: hashOf(resource) } : {}),
  };
  const subs = resource.subresources.map((sub) => ({
    name: `${resource.plural}/${sub}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...subresourceKind(resource, sub),
    verbs: subresourceVerbs[sub],
  }));
  return [main, ...subs];
}

/** Stable text per kind and storage version, as clients compare it. */
function hashOf(resource: ApiResource): string {
  return Buffer.from(`${resource.storageVersion}/${resource.kind}`).toString('base64').slice(-12);
}

const subresourceVerbs: Record<Subresource, readonly string[]> = {
  status: ['get', 'patch', 'update'],
  scale: ['get', 'patch', 'update'],
  approval: ['get', 'patch', 'update'],
  ephemeralcontainers: ['get', 'patch', 'update'],
  resize: ['get', 'patch', 'update'],
  finalize: ['update'],
  eviction: ['create'],
  binding: ['create'],
  token: ['create'],
  log: ['get'],
  exec: ['create', 'get'],
  attach: ['create', 'get'],
  portforward: ['create', 'get'],
  proxy: ['create', 'delete', 'get', 'patch', 'update'],
};

function subresourceKind(resource: ApiResource, sub: Subresource): Fields {
  const foreign: Partial<Record<Subresource, [string, string, string]>> = {
    scale: ['autoscaling', 'v1', 'Scale'],
    eviction: ['policy', 'v1', 'Eviction'],
    token: ['authentication.k8s.io', 'v1', 'TokenRequest'],
  };
  const known = foreign[sub];
  if (known !== undefined) return { group: known[0], version: known[1], kind: known[2] };
  const options: Partial<Record<Subresource, string>> = {
    binding: 'Binding',
    exec: 'PodExecOptions',
    attach: 'PodAttachOptions',
    portforward: 'PodPortForwardOptions',
    proxy: `${resource.kind}ProxyOptions`,
  };
  return { kind: options[sub] ?? resource.kind };
}

/** The aggregated form (`APIGroupDiscoveryList`) of `/api` or `/apis`, everything in one document. */
export function aggregated(registry: ResourceRegistry, core: boolean, apiVersion: string): Fields {
  const groups = groupsOf(registry).filter(({ name }) => (name === '') === core);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion,
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name === '' ? { creationTimestamp: null } : { name, creationTimestamp: null },
      versions: versions.map((version) => ({
        version,
        resources: resourcesOf(registry, name, version).map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregatedResource(resource: ApiResource): Fields {
  const { group, version, kind } = resource;
  return {
    resource: resource.plural,
    responseKind: { group, version, kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
    ...(resource.subresources.length === 0
      ? {}
      : {
          subresources: resource.subresources.map((sub) => ({
            subresource: sub,
            responseKind: { group, version, ...subresourceKind(resource, sub) },
            verbs: subresourceVerbs[sub],
          })),
        }),
  };
}

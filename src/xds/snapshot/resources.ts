/** One Envoy v3 resource as proto3 JSON with snake_case field names; `@type` inside. */
export type XdsResource = Readonly<Record<string, unknown>>;

/** The resources of one ConfigMap, or of a whole proxy. */
export interface ResourceSet {
  readonly listeners: readonly XdsResource[];
  readonly routes: readonly XdsResource[];
  readonly clusters: readonly XdsResource[];
  readonly endpoints: readonly XdsResource[];
}

export const resourceKinds = ['listeners', 'routes', 'clusters', 'endpoints'] as const;

export const emptyResources: ResourceSet = { listeners: [], routes: [], clusters: [], endpoints: [] };

/** `name` of a Listener, Cluster or RouteConfiguration, `cluster_name` of a ClusterLoadAssignment. */
export function resourceName(resource: XdsResource): string {
  return String(resource['name'] ?? resource['cluster_name'] ?? '');
}

/** The resources of several sets, in order; a later resource of the same kind and name takes the place of an earlier one. */
export function mergeResources(sets: readonly ResourceSet[]): ResourceSet {
  const merged = { listeners: [], routes: [], clusters: [], endpoints: [] } as Record<
    (typeof resourceKinds)[number],
    XdsResource[]
  >;
  for (const kind of resourceKinds) {
    const byName = new Map<string, XdsResource>();
    for (const set of sets) for (const resource of set[kind]) byName.set(resourceName(resource), resource);
    merged[kind] = [...byName.values()];
  }
  return merged;
}

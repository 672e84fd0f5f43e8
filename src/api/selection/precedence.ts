import type { ObjectMeta } from '../object.ts';

/** How objects of a kind find the workloads they apply to, and what happens when several do. */
export interface Precedence {
  /** Whether an object without selector in the root namespace applies to the whole mesh. */
  readonly rootNamespace: boolean;
  /** `nearest`: the most specific object alone. `all`: every object. `fields`: field by field, the most specific first. */
  readonly combine: 'nearest' | 'all' | 'fields';
  /** Where the selector is in the spec. */
  readonly selector: 'selector.matchLabels' | 'workloadSelector.labels' | 'workloadSelector.matchLabels';
  readonly source: string;
}

/**
 * Specific means: with a matching selector, before the namespace without selector, before the root namespace without selector. Within a
 * level the oldest object wins.
 */
export const precedence: Readonly<Record<string, Precedence>> = {
  PeerAuthentication: {
    rootNamespace: true,
    combine: 'fields',
    selector: 'selector.matchLabels',
    source:
      'pilot/pkg/security/authn: a port, then the workload, the namespace, the mesh; UNSET inherits, PERMISSIVE at the end',
  },
  RequestAuthentication: {
    rootNamespace: true,
    combine: 'all',
    selector: 'selector.matchLabels',
    source:
      'pilot/pkg/model/authentication.go: rules of the root namespace, the namespace and the workload are joined',
  },
  AuthorizationPolicy: {
    rootNamespace: true,
    combine: 'all',
    selector: 'selector.matchLabels',
    source:
      'pilot/pkg/model/authorization.go: CUSTOM, then DENY, then ALLOW over all that match; root namespace first',
  },
  Telemetry: {
    rootNamespace: true,
    combine: 'fields',
    selector: 'selector.matchLabels',
    source: 'pilot/pkg/model/telemetry.go: mesh, namespace, workload; a nearer field replaces a wider one',
  },
  Sidecar: {
    rootNamespace: true,
    combine: 'nearest',
    selector: 'workloadSelector.labels',
    source:
      'pilot/pkg/model/sidecar.go: workload, then namespace, then root namespace; none means everything visible',
  },
  EnvoyFilter: {
    rootNamespace: true,
    combine: 'all',
    selector: 'workloadSelector.labels',
    source: 'pilot/pkg/model/push_context.go: by priority, then the root namespace, then age',
  },
  WasmPlugin: {
    rootNamespace: true,
    combine: 'all',
    selector: 'selector.matchLabels',
    source: 'pilot/pkg/model/extensions.go: by phase, then priority, highest first',
  },
  ProxyConfig: {
    rootNamespace: true,
    combine: 'fields',
    selector: 'selector.matchLabels',
    source:
      'pilot/pkg/model/proxy_config.go: annotation of the pod, workload, namespace, root namespace, mesh configuration',
  },
  DestinationRule: {
    rootNamespace: true,
    combine: 'nearest',
    selector: 'workloadSelector.matchLabels',
    source:
      'pilot/pkg/model/push_context.go: namespace of the client, then of the service, then the root namespace; rules of one host in one namespace are merged',
  },
};

/** Namespaces in which a rule for a host is looked for, in this order; the first that has one decides. */
export function destinationRuleNamespaces(client: string, service: string, root: string): readonly string[] {
  return [...new Set([client, service, root])];
}

/** Oldest first; equal ages by name and namespace (Istio's sortConfigByCreationTime). */
export function compareAge(
  a: Pick<ObjectMeta, 'name' | 'namespace' | 'creationTimestamp'>,
  b: Pick<ObjectMeta, 'name' | 'namespace' | 'creationTimestamp'>,
): number {
  const before = Date.parse(a.creationTimestamp ?? '') || 0;
  const after = Date.parse(b.creationTimestamp ?? '') || 0;
  if (before !== after) return before - after;
  const left = `${a.name}.${a.namespace ?? ''}`;
  const right = `${b.name}.${b.namespace ?? ''}`;
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * VirtualServices of one host: on a gateway all are merged, oldest first, with routes that match everything last; for sidecars only the
 * oldest acts. (pilot/pkg/networking/core and istio.io "Virtual Service merging".)
 */
export const virtualServiceMerging = { gateway: 'merge', mesh: 'oldest' } as const;

/** Whether labels hold all of a selector's; an empty or absent selector selects everything. */
export function selects(
  selector: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector ?? {}).every(
    ([name, value]) => Object.hasOwn(labels, name) && labels[name] === value,
  );
}

/** Level of an object for a workload: 0 for its selector, 1 for its namespace, 2 for the mesh; undefined when it does not apply. */
export function levelOf(
  object: { readonly namespace: string; readonly selector?: Readonly<Record<string, string>> | undefined },
  workload: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
  rootNamespace: string,
): 0 | 1 | 2 | undefined {
  const own = object.namespace === workload.namespace;
  if (!own && object.namespace !== rootNamespace) return undefined;
  if (object.selector !== undefined && Object.keys(object.selector).length > 0)
    return selects(object.selector, workload.labels) ? 0 : undefined;
  return own && object.namespace !== rootNamespace ? 1 : 2;
}

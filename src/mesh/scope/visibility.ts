import { bySpecificity, hostWithin } from '../host.ts';
import type { DestinationRule, Mesh, VirtualService } from '../model/mesh.ts';
import { selects } from '../model/mesh.ts';
import type { DestinationRuleSpec, Subset } from '../model/rules.ts';
import type { Service } from '../model/service.ts';

/** The mesh as proxies of one scope see it: the input of translation. */
export interface View {
  readonly mesh: Mesh;
  /** Namespace of the proxies; short names are relative to it. */
  readonly namespace: string;
  /** Labels that decide about sourceLabels and workloadSelectors. */
  readonly labels: Readonly<Record<string, string>>;
  readonly services: ReadonlyMap<string, Service>;
  /** Bound to the sidecars or to some gateway; oldest first. */
  readonly virtualServices: readonly VirtualService[];
  readonly outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY';
}

/** Whether something of `owner` that is exported to `exportTo` can be seen from `viewer`. */
export function isExported(exportTo: readonly string[], owner: string, viewer: string): boolean {
  if (exportTo.length === 0) return true;
  return exportTo.some((entry) => entry === '*' || entry === viewer || (entry === '.' && owner === viewer));
}

/** The visible claim on each host. */
export function visibleServices(mesh: Mesh, namespace: string): Map<string, Service> {
  const visible = new Map<string, Service>();
  for (const [host, claims] of mesh.services) {
    const chosen = chosenClaim(claims, namespace);
    if (chosen !== undefined) visible.set(host, chosen);
  }
  return visible;
}

/** Of several claims on one host: a Kubernetes Service, then one of the viewer's own namespace, then the mesh's order. */
export function chosenClaim(claims: readonly Service[], namespace: string): Service | undefined {
  const seen = claims.filter((claim) => isExported(claim.exportTo, claim.namespace, namespace));
  return seen.find((claim) => claim.registry === 'Kubernetes' || claim.namespace === namespace) ?? seen[0];
}

const rulesByHost = new WeakMap<Mesh, Map<string, readonly DestinationRule[]>>();

/**
 * The DestinationRule for a service as seen from a namespace: of the first of client's namespace, service's namespace and root
 * namespace that has one; there the most specific host wins, and rules for one same host are merged, oldest first (Istio:
 * PushContext.destinationRule).
 */
export function destinationRuleFor(view: View, service: Service): DestinationRule | undefined {
  const candidates = rulesMatching(view.mesh, service.hostname).filter(
    (rule) =>
      isExported(rule.exportTo, rule.ref.namespace, view.namespace) &&
      selects(rule.spec.workloadSelector?.matchLabels ?? {}, view.labels),
  );
  if (candidates.length === 0) return undefined;
  for (const namespace of [view.namespace, service.namespace, view.mesh.config.rootNamespace]) {
    const here = candidates.filter((rule) => rule.ref.namespace === namespace);
    const first = here[0];
    if (first !== undefined) return mergeRules(here.filter((rule) => rule.host === first.host));
  }
  return undefined;
}

function rulesMatching(mesh: Mesh, host: string): readonly DestinationRule[] {
  let byHost = rulesByHost.get(mesh);
  if (byHost === undefined) {
    byHost = new Map();
    rulesByHost.set(mesh, byHost);
  }
  let rules = byHost.get(host);
  if (rules === undefined) {
    rules = mesh.destinationRules
      .filter((rule) => hostWithin(rule.host, host))
      .sort((a, b) => Number(hasSelector(b)) - Number(hasSelector(a)) || bySpecificity(a.host, b.host));
    byHost.set(host, rules);
  }
  return rules;
}

function hasSelector(rule: DestinationRule): boolean {
  return rule.spec.workloadSelector !== undefined;
}

const merged = new WeakMap<DestinationRule, { rules: readonly DestinationRule[]; result: DestinationRule }>();

/** Traffic policy of the oldest rule that has one, subsets of all; the same rules give the same object. */
function mergeRules(rules: readonly DestinationRule[]): DestinationRule {
  const first = rules[0] as DestinationRule;
  if (rules.length === 1) return first;
  const known = merged.get(first);
  if (
    known !== undefined &&
    known.rules.length === rules.length &&
    known.rules.every((rule, i) => rule === rules[i])
  ) {
    return known.result;
  }
  const subsets = new Map<string, Subset>();
  for (const rule of rules) {
    for (const subset of rule.spec.subsets ?? [])
      if (!subsets.has(subset.name)) subsets.set(subset.name, subset);
  }
  const trafficPolicy = rules.find((rule) => rule.spec.trafficPolicy)?.spec.trafficPolicy;
  const spec: DestinationRuleSpec = {
    ...first.spec,
    ...(trafficPolicy && { trafficPolicy }),
    subsets: [...subsets.values()],
  };
  const result = { ...first, spec };
  merged.set(first, { rules, result });
  return result;
}

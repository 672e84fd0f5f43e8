import { isWildcard } from '../host.ts';
import type { DestinationRule, Mesh } from '../model/mesh.ts';
import { refKey } from '../model/mesh.ts';
import type { Service } from '../model/service.ts';
import { chosenClaim, isExported } from './visibility.ts';

/**
 * What tells the outbound world of one namespace from that of another: things exported to chosen namespaces only, several claims on one
 * host, a client's own DestinationRules for services of others, matches on the source namespace.
 */
export class NamespaceDifferences {
  readonly #claims: readonly (readonly Service[])[];
  readonly #restricted: readonly {
    readonly key: string;
    readonly exportTo: readonly string[];
    readonly namespace: string;
  }[];
  readonly #overrides = new Map<string, string[]>();
  readonly #sources: ReadonlySet<string>;
  readonly #known = new Map<string, readonly string[]>();

  constructor(mesh: Mesh) {
    const all = [...mesh.services.values()];
    this.#claims = all.filter((claims) => claims.length > 1 || isRestricted((claims[0] as Service).exportTo));
    this.#restricted = [...mesh.virtualServices, ...mesh.destinationRules]
      .filter(({ exportTo }) => isRestricted(exportTo))
      .map(({ ref, exportTo }) => ({ key: refKey(ref), exportTo, namespace: ref.namespace }));
    for (const rule of mesh.destinationRules.filter((candidate) => isOverride(mesh, candidate))) {
      const { namespace } = rule.ref;
      this.#overrides.set(namespace, [...(this.#overrides.get(namespace) ?? []), refKey(rule.ref)]);
    }
    this.#sources = new Set(
      mesh.virtualServices.flatMap((service) =>
        [...service.http, ...service.tls, ...service.tcp].flatMap((route) =>
          (route.match ?? []).flatMap(({ sourceNamespace }) => (sourceNamespace ? [sourceNamespace] : [])),
        ),
      ),
    );
  }

  /** Empty for a namespace that sees what any other sees. */
  of(namespace: string): readonly string[] {
    let known = this.#known.get(namespace);
    if (known === undefined) {
      known = this.#compute(namespace);
      this.#known.set(namespace, known);
    }
    return known;
  }

  #compute(namespace: string): string[] {
    const claims = this.#claims.flatMap((list) => {
      const chosen = chosenClaim(list, namespace);
      // The default is what a namespace without any claim or grant of its own sees.
      return chosen === chosenClaim(list, '')
        ? []
        : [`Service/${chosen?.namespace ?? ''}/${list[0]?.hostname}`];
    });
    const rules = this.#restricted
      .filter((rule) => isExported(rule.exportTo, rule.namespace, namespace))
      .map(({ key }) => key);
    const overrides = this.#overrides.get(namespace) ?? [];
    const source = this.#sources.has(namespace) ? [`Namespace/${namespace}`] : [];
    return [...claims, ...new Set([...rules, ...overrides]), ...source];
  }
}

function isRestricted(exportTo: readonly string[]): boolean {
  return exportTo.length > 0 && !exportTo.includes('*');
}

/** A rule for a service of another namespace counts for clients in the rule's own namespace only (or, in the root namespace, last). */
function isOverride(mesh: Mesh, rule: DestinationRule): boolean {
  if (rule.ref.namespace === mesh.config.rootNamespace) return false;
  if (isWildcard(rule.host)) return true;
  const claims = mesh.services.get(rule.host) ?? [];
  return claims.some((claim) => claim.namespace !== rule.ref.namespace);
}

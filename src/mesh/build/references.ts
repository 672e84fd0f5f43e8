import { warning } from '../../base/issue.ts';
import { hostWithin } from '../host.ts';
import type { DestinationRule, Finding, Mesh, VirtualService } from '../model/mesh.ts';
import type { Destination } from '../model/rules.ts';
import { isExported } from '../scope/visibility.ts';

/** Destinations of VirtualServices that lead nowhere: hosts nobody has, subsets no DestinationRule defines, Gateways that are not there. */
export function unknownReferences(mesh: Mesh): Finding[] {
  const subsets = new Subsets(mesh);
  const gateways = new Set(mesh.gateways.map(({ ref }) => `${ref.namespace}/${ref.name}`));
  return mesh.virtualServices.flatMap((service) => [
    ...unknownGateways(service, gateways),
    ...destinationsOf(service).flatMap(({ destination, path }) =>
      unknownDestination(mesh, subsets, service, destination, path),
    ),
  ]);
}

/** Codes of findings that mean a route leads nowhere. */
export const brokenRouteCodes: ReadonlySet<string> = new Set(['UnknownHost', 'UnknownSubset', 'UnknownPort']);

function unknownGateways(service: VirtualService, known: ReadonlySet<string>): Finding[] {
  return service.gateways.flatMap((name, i) =>
    name === 'mesh' || known.has(name)
      ? []
      : [
          {
            ref: service.ref,
            issue: warning('UnknownGateway', `spec.gateways[${i}]`, `Gateway ${name} does not exist`),
          },
        ],
  );
}

function destinationsOf(service: VirtualService): { destination: Destination; path: string }[] {
  const http = service.http.flatMap((route, i) => [
    ...(route.route ?? []).map((entry, j) => at(entry.destination, `http[${i}].route[${j}].destination`)),
    ...(route.mirror ? [at(route.mirror, `http[${i}].mirror`)] : []),
    ...(route.mirrors ?? []).flatMap((mirror, j) =>
      mirror.destination ? [at(mirror.destination, `http[${i}].mirrors[${j}].destination`)] : [],
    ),
  ]);
  const l4 = (['tls', 'tcp'] as const).flatMap((field) =>
    service[field].flatMap((route, i) =>
      (route.route ?? []).map((entry, j) => at(entry.destination, `${field}[${i}].route[${j}].destination`)),
    ),
  );
  return [...http, ...l4];
}

function at(destination: Destination, path: string): { destination: Destination; path: string } {
  return { destination, path: `spec.${path}` };
}

function unknownDestination(
  mesh: Mesh,
  subsets: Subsets,
  from: VirtualService,
  destination: Destination,
  path: string,
): Finding[] {
  const { host, subset, port } = destination;
  const claims = (mesh.services.get(host) ?? []).filter((claim) =>
    isExported(claim.exportTo, claim.namespace, from.ref.namespace),
  );
  if (claims.length === 0) {
    const message = `no Service or ServiceEntry visible from namespace ${from.ref.namespace} has the host ${host}`;
    return [{ ref: from.ref, issue: warning('UnknownHost', `${path}.host`, message) }];
  }
  const findings: Finding[] = [];
  if (subset && !subsets.has(host, subset)) {
    const message = `no DestinationRule for ${host} defines the subset ${subset}`;
    findings.push({ ref: from.ref, issue: warning('UnknownSubset', `${path}.subset`, message) });
  }
  if (
    port?.number !== undefined &&
    !claims.some((claim) => claim.ports.some((entry) => entry.number === port.number))
  ) {
    const ports = claims[0]?.ports.map((entry) => entry.number).join(', ');
    const message = `${host} has no port ${port.number}; it has ${ports || 'none'}`;
    findings.push({ ref: from.ref, issue: warning('UnknownPort', `${path}.port.number`, message) });
  }
  return findings;
}

/** Which subsets the rules of a host define, whoever may see them. */
class Subsets {
  readonly #rules: readonly DestinationRule[];
  readonly #byHost = new Map<string, Set<string>>();

  constructor(mesh: Mesh) {
    this.#rules = mesh.destinationRules;
  }

  has(host: string, subset: string): boolean {
    let names = this.#byHost.get(host);
    if (names === undefined) {
      const rules = this.#rules.filter((rule) => hostWithin(rule.host, host));
      names = new Set(rules.flatMap((rule) => (rule.spec.subsets ?? []).map(({ name }) => name)));
      this.#byHost.set(host, names);
    }
    return names.has(subset);
  }
}

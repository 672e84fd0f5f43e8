import type { DestinationRule, GatewayView, Service, View } from '../../mesh/index.ts';
import { destinationRuleFor } from '../../mesh/index.ts';
import type { Json, ScopeResources } from '../../translate/index.ts';
import { translateEndpoints, translateGatewayScope, translateSidecar } from '../../translate/index.ts';
import {
  encodeIndex,
  encodePart,
  indexHash,
  labels,
  type PartKind,
  sharedNamespace,
} from '../../xds/snapshot/index.ts';
import type { World } from '../ingest/world.ts';
import type { DesiredConfigMap, DesiredScope } from '../publish/desired.ts';
import type { Part } from './parts.ts';
import { configParts, endpointBuckets, endpointPart } from './parts.ts';

interface Assigned {
  readonly rule: DestinationRule | undefined;
  readonly version: number;
  readonly assignments: readonly Json[];
}

/** What a scope published last, and what it takes to follow an endpoint change without translating again. */
export class ScopeState {
  readonly name: string;
  readonly #revision: string;
  #view: View | undefined;
  #buckets = new Map<string, Service[]>();
  #config = new Map<string, Part>();
  #endpoints = new Map<string, Part>();
  #resources: ScopeResources | undefined;
  #desired: DesiredScope | undefined;
  readonly #assigned = new WeakMap<Service, Assigned>();
  readonly #encoded = new WeakMap<Part, DesiredConfigMap>();

  constructor(name: string, revision: string) {
    this.name = name;
    this.#revision = revision;
  }

  get desired(): DesiredScope | undefined {
    return this.#desired;
  }

  get view(): View | undefined {
    return this.#view;
  }

  get resources(): ScopeResources | undefined {
    return this.#resources;
  }

  /** Translates the whole scope. */
  translate(view: View | GatewayView, world: World): void {
    const addresses = (service: Service) => world.endpointsOf(service).map((endpoint) => endpoint.address);
    const resources = 'proxy' in view ? translateGatewayScope(view) : translateSidecar(view, addresses);
    this.#view = view;
    this.#resources = resources;
    this.#config = new Map(configParts(this.name, resources, this.#config).map((part) => [part.name, part]));
    this.#buckets = endpointBuckets([...resources.serviceClusters.keys()]);
    const parts = [...this.#buckets].map(([slug, services]) => this.#endpointPart(slug, services, world));
    this.#endpoints = new Map(parts.map((part) => [part.name, part]));
    this.#assemble();
  }

  /** Translates only the endpoints of these services (`namespace/name`). True when the scope needs a whole translation instead. */
  followEndpoints(changed: ReadonlySet<string>, world: World): boolean {
    const isChanged = (service: Service) => changed.has(`${service.namespace}/${service.name}`);
    if (
      [...(this.#resources?.serviceClusters.keys() ?? [])].some(
        (service) => isChanged(service) && listensOnPods(service),
      )
    ) {
      return true;
    }
    let any = false;
    for (const [slug, services] of this.#buckets) {
      if (!services.some(isChanged)) continue;
      const part = this.#endpointPart(slug, services, world);
      if (this.#endpoints.get(part.name)?.hash === part.hash) continue;
      this.#endpoints.set(part.name, part);
      any = true;
    }
    if (any) this.#assemble();
    return false;
  }

  #endpointPart(slug: string, services: readonly Service[], world: World): Part {
    const assignments = services.flatMap((service) => this.#assignments(service, world));
    return endpointPart(this.name, slug, assignments, this.#endpoints);
  }

  /** Translated again only when the service, its rule or its endpoints have changed. */
  #assignments(service: Service, world: World): readonly Json[] {
    const rule = destinationRuleFor(this.#view as View, service);
    const version = world.endpointsVersion(service);
    const known = this.#assigned.get(service);
    if (known !== undefined && known.rule === rule && known.version === version) return known.assignments;
    const assignments = translateEndpoints(service, world.endpointsOf(service), rule);
    this.#assigned.set(service, { rule, version, assignments });
    return assignments;
  }

  #assemble(): void {
    const index = {
      parts: [...this.#config.values()]
        .map(({ name, hash }) => ({ name, hash }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      endpoints: [...this.#endpoints.keys()].sort(),
    };
    this.#desired = {
      name: this.name,
      parts: [...this.#config.values(), ...this.#endpoints.values()].map((part) => this.#desiredPart(part)),
      index: {
        namespace: sharedNamespace,
        name: this.name,
        labels: this.#labels('index'),
        hash: indexHash(index),
        encode: (generation) => encodeIndex(this.name, { generation, ...index }),
      },
    };
  }

  #labels(part: PartKind): Record<string, string> {
    return { [labels.scope]: this.name, [labels.part]: part, [labels.revision]: this.#revision };
  }

  #desiredPart(part: Part): DesiredConfigMap {
    let desired = this.#encoded.get(part);
    if (desired === undefined) {
      desired = {
        namespace: sharedNamespace,
        name: part.name,
        labels: this.#labels(part.kind),
        hash: part.hash,
        encode: () => encodePart(this.name, part.name, part.kind, part.payload),
      };
      this.#encoded.set(part, desired);
    }
    return desired;
  }
}

/** TCP ports of headless services have listeners that match on the pods' addresses. */
function listensOnPods(service: Service): boolean {
  return (
    service.resolution === 'passthrough' &&
    service.registry === 'Kubernetes' &&
    service.ports.some(
      (port) =>
        port.protocol === 'tcp' ||
        port.protocol === 'tls' ||
        port.protocol === 'https' ||
        port.protocol === 'auto',
    )
  );
}

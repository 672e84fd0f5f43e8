import type { Issue } from '../../base/issue.ts';
import type { MeshConfig } from './mesh-config.ts';
import type { DestinationRuleSpec, GatewaySpec, HttpRoute, L4Route, SidecarSpec } from './rules.ts';
import type { Service } from './service.ts';

/** Names one object of the user, so that what is found deep in translation ends on its status. */
export interface ObjectRef {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Something found in an object while building or translating. */
export interface Finding {
  readonly ref: ObjectRef;
  readonly issue: Issue;
}

/** A VirtualService with every host spelled out in full and its delegates merged in. */
export interface VirtualService {
  readonly ref: ObjectRef;
  readonly createdAt: number;
  /** Lower-case FQDNs and wildcards. */
  readonly hosts: readonly string[];
  /** `mesh` or `namespace/name`. */
  readonly gateways: readonly string[];
  readonly exportTo: readonly string[];
  readonly http: readonly HttpRoute[];
  readonly tls: readonly L4Route[];
  readonly tcp: readonly L4Route[];
}

export interface DestinationRule {
  readonly ref: ObjectRef;
  readonly createdAt: number;
  readonly host: string;
  readonly exportTo: readonly string[];
  readonly spec: DestinationRuleSpec;
}

export interface Gateway {
  readonly ref: ObjectRef;
  readonly createdAt: number;
  readonly spec: GatewaySpec;
}

export interface Sidecar {
  readonly ref: ObjectRef;
  readonly createdAt: number;
  readonly spec: SidecarSpec;
}

/** The mesh at one moment: everything users configured, resolved and indexed. Endpoints and proxies live beside it. */
export interface Mesh {
  readonly config: MeshConfig;
  /** By hostname; of several claims on one host the first in this list wins, Kubernetes before entries, older before younger. */
  readonly services: ReadonlyMap<string, readonly Service[]>;
  /** Oldest first. */
  readonly virtualServices: readonly VirtualService[];
  /** Oldest first. */
  readonly destinationRules: readonly DestinationRule[];
  readonly gateways: readonly Gateway[];
  readonly sidecars: readonly Sidecar[];
  readonly findings: readonly Finding[];
}

/** Replicas of one template: they share one configuration. */
export interface MeshProxy {
  readonly name: string;
  readonly namespace: string;
  readonly kind: 'sidecar' | 'gateway';
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly workload: string;
  readonly revision: string;
  /** Named container ports, for Services whose targetPort is a name. */
  readonly containerPorts: Readonly<Record<string, number>>;
}

export function refKey(ref: ObjectRef): string {
  return `${ref.kind}/${ref.namespace}/${ref.name}`;
}

/** Whether every label asked for is there with the same value; an empty selector selects all. */
export function selects(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}

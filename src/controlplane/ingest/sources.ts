import { kindNamed } from '../../api/kinds.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import { stableJson } from '../../base/hash.ts';
import type { Logger } from '../../base/log.ts';
import type { KubeClient, Resource } from '../../kube/client.ts';
import type { Change } from '../../kube/informer.ts';
import { Informer } from '../../kube/informer.ts';
import { resources } from '../../kube/resource.ts';

/** The user's kinds the mesh is built from. */
export const ruleKinds = ['VirtualService', 'DestinationRule', 'Gateway', 'ServiceEntry', 'Sidecar'] as const;
export type RuleKind = (typeof ruleKinds)[number];

/** Kinds that are accepted and stored, but that no part acts on yet. */
export const idleKinds = [
  'WorkloadEntry',
  'WorkloadGroup',
  'ProxyConfig',
  'EnvoyFilter',
  'AuthorizationPolicy',
  'PeerAuthentication',
  'RequestAuthentication',
  'Telemetry',
  'WasmPlugin',
  'TrafficExtension',
] as const;

export function resourceOfKind(kind: string): Resource {
  const row = kindNamed(kind);
  if (row === undefined) throw new Error(`no kind ${kind} in the kind table`);
  return {
    group: row.group,
    version: row.versions[0] as string,
    plural: row.plural,
    kind,
    namespaced: row.namespaced,
  };
}

export interface SourcesOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Namespace and name of the ConfigMap that holds the mesh settings. */
  readonly meshConfigMap: { readonly namespace: string; readonly name: string };
}

type OnChange = (change: Change<KubeObject>) => void;

/** The informers over everything the mesh is made of. */
export class Sources {
  readonly services: Informer;
  readonly slices: Informer;
  readonly pods: Informer;
  readonly meshConfig: Informer;
  readonly rules: ReadonlyMap<RuleKind, Informer>;
  readonly idle: ReadonlyMap<string, Informer>;

  constructor(options: SourcesOptions) {
    const { client, clock, log, meshConfigMap } = options;
    const shared = { clock, logger: log, transform: slim };
    const optional = { ...shared, missingIsEmpty: true };
    this.services = new Informer(client, resources.services, shared);
    this.slices = new Informer(client, resources.endpointSlices, {
      ...shared,
      labelSelector: 'kubernetes.io/service-name',
    });
    this.pods = new Informer(client, resources.pods, { ...shared, transform: slimPod });
    this.meshConfig = new Informer(client, resources.configMaps, {
      clock,
      logger: log,
      namespace: meshConfigMap.namespace,
      fieldSelector: `metadata.name=${meshConfigMap.name}`,
    });
    this.rules = new Map(
      ruleKinds.map((kind) => [kind, new Informer(client, resourceOfKind(kind), optional)]),
    );
    this.idle = new Map(
      idleKinds.map((kind) => [kind as string, new Informer(client, resourceOfKind(kind), optional)]),
    );
  }

  get all(): Informer[] {
    return [
      this.services,
      this.slices,
      this.pods,
      this.meshConfig,
      ...this.rules.values(),
      ...this.idle.values(),
    ];
  }

  get synced(): boolean {
    return this.all.every((informer) => informer.synced);
  }

  async waitForSync(signal: AbortSignal): Promise<void> {
    await Promise.all(this.all.map((informer) => informer.waitForSync(signal)));
  }
}

/** Calls `listener` only when something other than status and bookkeeping changed: our own status writes come back this way. */
export function onSpecChange(informer: Informer, listener: OnChange): void {
  informer.onChange((change) => {
    if (change.type === 'updated' && fingerprint(change.object) === fingerprint(change.old)) return;
    listener(change);
  });
}

function fingerprint(object: KubeObject): string {
  const { status: _status, metadata, ...rest } = object;
  const { labels, annotations, deletionTimestamp, generation } = metadata;
  // The server counts generations for kinds that have a spec; others are compared whole.
  const content = generation === undefined ? rest : generation;
  return stableJson([labels, annotations, deletionTimestamp !== undefined, content]);
}

/** Nobody reads managedFields and the copy kubectl keeps of what was applied. */
function slim(object: KubeObject): KubeObject {
  const { managedFields: _managed, annotations, ...metadata } = object.metadata;
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, ...kept } = annotations ?? {};
  return { ...object, metadata: { ...metadata, ...(annotations && { annotations: kept }) } };
}

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly ports?: readonly unknown[];
}

/** Of ten thousand pods only what endpoints and proxies need is kept. */
function slimPod(object: KubeObject): KubeObject {
  const { metadata, ...rest } = slim(object);
  const spec = (object.spec ?? {}) as {
    initContainers?: Container[];
    containers?: Container[];
    serviceAccountName?: string;
    hostNetwork?: boolean;
  };
  const status = (object.status ?? {}) as { podIP?: string; phase?: string };
  const container = ({ name, args, ports }: Container) => ({
    name,
    ...(name === 'istio-proxy' && args && { args }),
    ...(ports && { ports }),
  });
  return {
    ...rest,
    metadata,
    spec: {
      ...(spec.initContainers && { initContainers: spec.initContainers.map(container) }),
      containers: (spec.containers ?? []).map(container),
      ...(spec.serviceAccountName && { serviceAccountName: spec.serviceAccountName }),
      ...(spec.hostNetwork && { hostNetwork: true }),
    },
    status: { ...(status.podIP && { podIP: status.podIP }), ...(status.phase && { phase: status.phase }) },
  };
}

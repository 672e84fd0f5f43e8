import type { KubeObject } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import { stableJson } from '../../base/hash.ts';
import type { Logger } from '../../base/log.ts';
import { errorMessage } from '../../base/log.ts';
import { parseYaml } from '../../base/yaml.ts';
import type { Change } from '../../kube/informer.ts';
import type { Endpoint, Mesh, MeshConfig, MeshProxy, PodRecord, Service } from '../../mesh/index.ts';
import { buildEndpoints, buildMesh, buildMeshConfig } from '../../mesh/index.ts';
import { Dirt } from './dirt.ts';
import { podRecord } from './pod-record.ts';
import type { RuleKind, Sources } from './sources.ts';
import { onSpecChange } from './sources.ts';

export interface WorldOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Proxies of other revisions get their configuration from another control plane. */
  readonly revision: string;
  readonly rootNamespace: string;
  readonly domain: string;
  readonly clusterId: string;
  /** Configuration of a proxy is kept this long after its last pod has gone, so that a restart finds it even with no control plane. */
  readonly lingerMs?: number;
}

/** Everything the informers know, indexed for building: services, rules, pods by address, slices by service, proxies. */
export class World {
  #dirt = new Dirt();
  #onDirt: () => void = () => undefined;
  readonly #sources: Sources;
  readonly #options: WorldOptions;
  readonly #pods = new Map<string, PodRecord>();
  readonly #podText = new Map<string, string>();
  readonly #podByIp = new Map<string, PodRecord>();
  readonly #slices = new Map<string, Map<string, KubeObject>>();
  /** Counts changes of each service's endpoints. */
  readonly #versions = new Map<string, number>();
  /** Services whose slices hold an address. */
  readonly #sliceServices = new Map<string, Set<string>>();
  /** Proxies by `namespace/name`, with the keys of their pods. */
  readonly #proxies = new Map<string, { proxy: MeshProxy; pods: Set<string> }>();
  #config: MeshConfig;
  #configText = '{}';

  constructor(sources: Sources, options: WorldOptions) {
    this.#sources = sources;
    this.#options = options;
    this.#config = buildMeshConfig({}, options);
    for (const informer of [sources.services, ...sources.rules.values()]) {
      onSpecChange(informer, () => this.#mark((dirt) => (dirt.mesh = true)));
    }
    sources.slices.onChange((change) => this.#onSlice(change));
    sources.pods.onChange((change) => this.#onPod(change));
    sources.meshConfig.onChange((change) => this.#onMeshConfig(change));
  }

  /** Called whenever something became dirty. */
  onDirt(listener: () => void): void {
    this.#onDirt = listener;
    if (this.#dirt.any) listener();
  }

  get dirt(): Readonly<Dirt> {
    return this.#dirt;
  }

  /** Hands over what is dirty and starts anew. */
  takeDirt(): Dirt {
    const taken = this.#dirt;
    this.#dirt = new Dirt();
    return taken;
  }

  /** Marks everything, as at the start and after gaining the lead. */
  markAll(): void {
    this.#mark((dirt) => {
      dirt.mesh = true;
      dirt.proxies = true;
    });
  }

  get config(): MeshConfig {
    return this.#config;
  }

  get proxies(): MeshProxy[] {
    return [...this.#proxies.values()].map(({ proxy }) => proxy);
  }

  /** `namespace/name` of the pods that run a proxy's configuration. */
  podsOf(proxy: MeshProxy): readonly string[] {
    return [...(this.#proxies.get(`${proxy.namespace}/${proxy.name}`)?.pods ?? [])];
  }

  get podCount(): number {
    return this.#pods.size;
  }

  /** Builds the mesh from what `choose` makes of each rule: another form of it, or undefined to leave it out. */
  buildMesh(choose: (kind: RuleKind, object: KubeObject) => KubeObject | undefined): Mesh {
    const rules = (kind: RuleKind) =>
      [...(this.#sources.rules.get(kind)?.values() ?? [])]
        .map((object) => choose(kind, object))
        .filter((object) => object !== undefined);
    return buildMesh(
      {
        services: [...this.#sources.services.values()],
        serviceEntries: rules('ServiceEntry'),
        virtualServices: rules('VirtualService'),
        destinationRules: rules('DestinationRule'),
        gateways: rules('Gateway'),
        sidecars: rules('Sidecar'),
      },
      this.#config,
    );
  }

  /** Moves whenever `endpointsOf` may give something else for the same service. */
  endpointsVersion(service: Service): number {
    return this.#versions.get(`${service.namespace}/${service.name}`) ?? 0;
  }

  endpointsOf(service: Service): Endpoint[] {
    const key = `${service.namespace}/${service.name}`;
    return buildEndpoints(service, {
      config: this.#config,
      slices: [...(this.#slices.get(key)?.values() ?? [])],
      podByIp: (ip) => this.#podByIp.get(ip),
      podsIn: (namespace) => [...this.#pods.values()].filter((pod) => pod.namespace === namespace),
    });
  }

  #mark(change: (dirt: Dirt) => void): void {
    change(this.#dirt);
    this.#dirt.since ??= this.#options.clock.monotonic();
    this.#onDirt();
  }

  #onSlice({ type, object, key }: Change<KubeObject>): void {
    const service = `${object.metadata.namespace}/${object.metadata.labels?.['kubernetes.io/service-name']}`;
    const slices = this.#slices.get(service) ?? new Map<string, KubeObject>();
    this.#slices.set(service, slices);
    for (const address of addressesOf(slices.get(key))) this.#sliceServices.get(address)?.delete(service);
    if (type === 'deleted') slices.delete(key);
    else slices.set(key, object);
    for (const slice of slices.values()) {
      for (const address of addressesOf(slice)) {
        const services = this.#sliceServices.get(address);
        if (services === undefined) this.#sliceServices.set(address, new Set([service]));
        else services.add(service);
      }
    }
    if (slices.size === 0) this.#slices.delete(service);
    this.#markEndpoints([service]);
  }

  #onPod({ type, key, object }: Change<KubeObject>): void {
    const record = type === 'deleted' ? undefined : podRecord(object);
    const text = record === undefined ? '' : stableJson(record);
    if ((this.#podText.get(key) ?? '') === text) return;
    const old = this.#pods.get(key);
    if (old !== undefined && this.#podByIp.get(old.ip) === old) this.#podByIp.delete(old.ip);
    if (record === undefined) {
      this.#pods.delete(key);
      this.#podText.delete(key);
    } else {
      this.#pods.set(key, record);
      this.#podText.set(key, text);
      if (record.ip !== '') this.#podByIp.set(record.ip, record);
    }
    this.#trackProxy(key, old, record);
    this.#markServicesOf(old, record);
  }

  /** Subsets and telemetry of endpoints come from pod labels, so a pod's change may change its services' endpoints. */
  #markServicesOf(old: PodRecord | undefined, record: PodRecord | undefined): void {
    const ips = [old?.ip, record?.ip].filter((ip) => ip !== undefined && ip !== '') as string[];
    const hit = ips.flatMap((ip) => [...(this.#sliceServices.get(ip) ?? [])]);
    const entries = [...(this.#sources.rules.get('ServiceEntry')?.values() ?? [])].filter(
      (entry) => (entry.spec as { workloadSelector?: unknown } | undefined)?.workloadSelector !== undefined,
    );
    if (hit.length + entries.length === 0) return;
    this.#markEndpoints([
      ...hit,
      ...entries.map((entry) => `${entry.metadata.namespace}/${entry.metadata.name}`),
    ]);
  }

  #markEndpoints(services: readonly string[]): void {
    for (const service of services) this.#versions.set(service, (this.#versions.get(service) ?? 0) + 1);
    this.#mark((dirt) => {
      for (const service of services) dirt.endpoints.add(service);
    });
  }

  #trackProxy(key: string, old: PodRecord | undefined, record: PodRecord | undefined): void {
    if (old?.proxy !== undefined) this.#releaseProxy(key, old);
    const description = record?.proxy;
    if (record === undefined || description?.revision !== this.#options.revision) return;
    const id = `${record.namespace}/${description.name}`;
    const known = this.#proxies.get(id);
    const proxy = meshProxy(record, description);
    if (known !== undefined && stableJson(known.proxy) === stableJson(proxy)) {
      if (known.pods.size === 0 && old?.proxy?.name !== description.name) {
        this.#mark((dirt) => {
          dirt.proxies = true;
          dirt.returned.add(record.namespace);
        });
      }
      known.pods.add(key);
      return;
    }
    this.#proxies.set(id, { proxy, pods: new Set([...(known?.pods ?? []), key]) });
    this.#mark((dirt) => (dirt.proxies = true));
  }

  #releaseProxy(key: string, old: PodRecord): void {
    const id = `${old.namespace}/${old.proxy?.name}`;
    const known = this.#proxies.get(id);
    known?.pods.delete(key);
    if (known === undefined || known.pods.size > 0) return;
    this.#options.clock.after(this.#options.lingerMs ?? 300_000, () => {
      if (this.#proxies.get(id)?.pods.size !== 0) return;
      this.#proxies.delete(id);
      this.#mark((dirt) => (dirt.proxies = true));
    });
  }

  /** A ConfigMap that cannot be read leaves the last settings in force. */
  #onMeshConfig({ type, object }: Change<KubeObject>): void {
    const text =
      type === 'deleted' ? '{}' : ((object['data'] as Record<string, string> | undefined)?.['mesh'] ?? '{}');
    if (text === this.#configText) return;
    try {
      this.#config = buildMeshConfig(parseYaml(text) ?? {}, this.#options);
      this.#configText = text;
      this.#mark((dirt) => (dirt.mesh = true));
    } catch (thrown) {
      this.#options.log.error('mesh settings cannot be read; the last good ones stay', {
        configMap: object.metadata.name,
        error: errorMessage(thrown),
      });
    }
  }
}

function addressesOf(slice: KubeObject | undefined): string[] {
  const endpoints = (slice?.['endpoints'] ?? []) as { addresses?: string[] }[];
  return endpoints.flatMap((endpoint) => endpoint.addresses ?? []);
}

const perReplicaLabels = [
  'pod-template-hash',
  'controller-revision-hash',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
];

function meshProxy(record: PodRecord, description: NonNullable<PodRecord['proxy']>): MeshProxy {
  const labels = Object.fromEntries(
    Object.entries(record.labels).filter(([key]) => !perReplicaLabels.includes(key)),
  );
  return {
    name: description.name,
    namespace: record.namespace,
    kind: description.kind,
    labels,
    serviceAccount: record.serviceAccount,
    workload: record.workload,
    revision: description.revision,
    containerPorts: record.ports,
  };
}

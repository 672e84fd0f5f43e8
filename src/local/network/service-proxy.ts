import { errorMessage, type Logger } from '../../base/log.ts';
import type { LocalApi } from '../api/local-api.ts';
import type { Fields } from '../api/object.ts';
import { coreResources } from '../resources.ts';
import type { ClusterNetwork } from './cluster-network.ts';
import { baseRules, type Chains, chainsDiff, type ServiceView, serviceChains } from './service-rules.ts';
import { serviceView } from './service-view.ts';

/** Keeps the router's iptables in step with Services and EndpointSlices; changes of one turn become one iptables-restore. */
export class ServiceProxy {
  readonly #api: LocalApi;
  readonly #network: ClusterNetwork;
  readonly #log: Logger;
  readonly #views = new Map<string, ServiceView>();
  readonly #dirty = new Set<string>();
  #slices = new Map<string, Map<string, Fields>>();
  #chains: Chains = new Map();
  #affinity = true;
  #unsubscribe: (() => void)[] = [];
  #running: Promise<void> | undefined;

  constructor(api: LocalApi, network: ClusterNetwork, log: Logger) {
    this.#api = api;
    this.#network = network;
    this.#log = log;
  }

  async start(): Promise<void> {
    await this.#network.restoreIptables(baseRules);
    this.#unsubscribe = [
      this.#api.subscribe(coreResources.services, ({ object }) => {
        this.#mark(`${object.metadata.namespace}/${object.metadata.name}`);
      }),
      this.#api.subscribe(coreResources.endpointSlices, ({ type, object }) => {
        const service = object.metadata.labels?.['kubernetes.io/service-name'];
        if (service === undefined) return;
        const key = `${object.metadata.namespace}/${service}`;
        const slices = this.#slices.get(key) ?? new Map<string, Fields>();
        if (type === 'DELETED') slices.delete(object.metadata.name);
        else slices.set(object.metadata.name, object as Fields);
        this.#slices.set(key, slices);
        this.#mark(key);
      }),
    ];
    await this.#running;
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  /** The addresses a service's port leads to now. */
  endpoints(namespace: string, name: string, port: number): readonly string[] {
    const view = this.#views.get(`${namespace}/${name}`);
    return view?.ports.find((p) => p.port === port)?.endpoints ?? [];
  }

  #mark(key: string): void {
    this.#dirty.add(key);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    while (this.#dirty.size > 0) {
      for (const key of this.#dirty) this.#refresh(key);
      this.#dirty.clear();
      const chains = serviceChains(this.#effectiveViews(), this.#network.plan.nodeIp);
      const rules = chainsDiff(this.#chains, chains);
      if (rules === undefined) continue;
      try {
        await this.#network.restoreIptables(rules);
        this.#chains = chains;
      } catch (error) {
        this.#refused(error);
      }
    }
    this.#running = undefined;
  }

  #effectiveViews(): ServiceView[] {
    const views = [...this.#views.values()];
    if (this.#affinity) return views;
    return views.map(({ affinitySeconds: _none, ...view }) => view);
  }

  /** The restore is one transaction: the rules before it still stand, and the next change tries again with all that is new. */
  #refused(error: unknown): void {
    const sticky = [...this.#views]
      .filter(([, view]) => view.affinitySeconds !== undefined)
      .map(([key]) => key);
    this.#log.error('service rules were refused', { error: errorMessage(error) });
    if (!this.#affinity || sticky.length === 0) return;
    this.#log.warn('session affinity is switched off: this kernel may lack xt_recent', { services: sticky });
    this.#affinity = false;
    for (const key of sticky) this.#dirty.add(key);
  }

  #refresh(key: string): void {
    const [namespace, name] = key.split('/') as [string, string];
    const service = this.#api.read(coreResources.services, name, namespace);
    const slices = [...(this.#slices.get(key)?.values() ?? [])];
    const view = service && serviceView(service as Fields, slices);
    if (view === undefined) this.#views.delete(key);
    else this.#views.set(key, view);
    if (service === undefined && slices.length === 0) this.#slices.delete(key);
  }
}

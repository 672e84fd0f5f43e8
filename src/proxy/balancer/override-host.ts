import type { Host } from '../upstream/host.ts';
import type {
  LoadBalancer,
  LoadBalancerContext,
  LoadBalancerEnvironment,
} from '../upstream/load-balancer.ts';
import type { BalancerConfig } from './config.ts';

/** Takes the host a stateful session asks for while it may be used, else asks the balancer behind. */
export class OverrideHostBalancer implements LoadBalancer {
  readonly #env: LoadBalancerEnvironment;
  readonly #inner: LoadBalancer;
  readonly #statuses: BalancerConfig['overrideStatuses'];
  readonly #stop: () => void;
  #byAddress: Map<string, Host> | undefined;

  constructor(
    env: LoadBalancerEnvironment,
    inner: LoadBalancer,
    statuses: BalancerConfig['overrideStatuses'],
  ) {
    this.#env = env;
    this.#inner = inner;
    this.#statuses = statuses;
    this.#stop = env.hosts.subscribe(({ added, removed }) => {
      if (added.length > 0 || removed.length > 0) this.#byAddress = undefined;
    });
  }

  choose(context: LoadBalancerContext): Host | undefined {
    if (context.overrideHost === undefined) return this.#inner.choose(context);
    this.#byAddress ??= new Map(
      this.#env.hosts.sets.flatMap((set) => set.hosts.map((host) => [host.address.text, host])),
    );
    const wanted = this.#byAddress.get(context.overrideHost);
    if (wanted !== undefined && this.#statuses.has(wanted.health)) return wanted;
    return context.overrideHostStrict ? undefined : this.#inner.choose(context);
  }

  close(): void {
    this.#stop();
    this.#inner.close();
  }
}

import type { Host } from '../upstream/host.ts';
import type { PolicyConfig, SlowStart } from './config.ts';
import { EdfSchedule } from './edf.ts';
import { slowStartFactor, warmingUp } from './slow-start.ts';

/** Chooses among one list of hosts (a priority's healthy ones, a locality's, …). Rebuilt when the list changes. */
export interface Picker {
  pick(): Host | undefined;
}

export interface PickerEnvironment {
  readonly clock: { monotonic(): number };
  random(): number;
}

export type PickerPolicy = Extract<PolicyConfig, { kind: 'round-robin' | 'least-request' | 'random' }>;

export function createPicker(policy: PickerPolicy, hosts: readonly Host[], env: PickerEnvironment): Picker {
  if (policy.kind === 'random') return new RandomPicker(hosts, env);
  const scheduled =
    hosts.some((host) => host.weight !== hosts[0]?.weight) ||
    warmingUp(hosts, policy.slowStart, env.clock.monotonic());
  if (policy.kind === 'least-request') {
    if (policy.fullScan) return new FullScanPicker(hosts, env);
    if (!scheduled) return new LeastRequestPicker(hosts, policy.choices, env);
    const { bias } = policy;
    const load = (host: Host) => (bias === 0 ? 1 : (host.stats.rqActive + 1) ** bias);
    return new WeightedPicker(hosts, (host) => host.weight / load(host), policy.slowStart, env);
  }
  return scheduled
    ? new WeightedPicker(hosts, (host) => host.weight, policy.slowStart, env)
    : new RoundRobinPicker(hosts, env);
}

class RoundRobinPicker implements Picker {
  readonly #hosts: readonly Host[];
  #next: number;

  constructor(hosts: readonly Host[], env: PickerEnvironment) {
    this.#hosts = hosts;
    this.#next = Math.floor(env.random() * hosts.length);
  }

  pick(): Host | undefined {
    if (this.#next >= this.#hosts.length) this.#next = 0;
    return this.#hosts[this.#next++];
  }
}

class WeightedPicker implements Picker {
  readonly #schedule = new EdfSchedule<Host>();
  readonly #weightOf: (host: Host) => number;

  constructor(
    hosts: readonly Host[],
    base: (host: Host) => number,
    slowStart: SlowStart | undefined,
    env: PickerEnvironment,
  ) {
    this.#weightOf =
      slowStart === undefined
        ? base
        : (host) => base(host) * slowStartFactor(host, slowStart, env.clock.monotonic());
    for (const host of hosts) this.#schedule.add(this.#weightOf(host), host);
    // Proxies that start together must not all begin with the same host.
    const skip = Math.floor(env.random() * hosts.length);
    for (let i = 0; i < skip; i++) this.pick();
  }

  pick(): Host | undefined {
    return this.#schedule.pick(this.#weightOf);
  }
}

class RandomPicker implements Picker {
  readonly #hosts: readonly Host[];
  readonly #env: PickerEnvironment;

  constructor(hosts: readonly Host[], env: PickerEnvironment) {
    this.#hosts = hosts;
    this.#env = env;
  }

  pick(): Host | undefined {
    return this.#hosts[Math.floor(this.#env.random() * this.#hosts.length)];
  }
}

class LeastRequestPicker implements Picker {
  readonly #hosts: readonly Host[];
  readonly #choices: number;
  readonly #env: PickerEnvironment;

  constructor(hosts: readonly Host[], choices: number, env: PickerEnvironment) {
    this.#hosts = hosts;
    this.#choices = choices;
    this.#env = env;
  }

  pick(): Host | undefined {
    const hosts = this.#hosts;
    let best: Host | undefined;
    for (let i = 0; i < this.#choices; i++) {
      const host = hosts[Math.floor(this.#env.random() * hosts.length)];
      if (best === undefined || (host !== undefined && host.stats.rqActive < best.stats.rqActive))
        best = host;
    }
    return best;
  }
}

class FullScanPicker implements Picker {
  readonly #hosts: readonly Host[];
  readonly #env: PickerEnvironment;

  constructor(hosts: readonly Host[], env: PickerEnvironment) {
    this.#hosts = hosts;
    this.#env = env;
  }

  pick(): Host | undefined {
    let best: Host | undefined;
    let ties = 0;
    for (const host of this.#hosts) {
      if (best === undefined || host.stats.rqActive < best.stats.rqActive) {
        best = host;
        ties = 1;
      } else if (host.stats.rqActive === best.stats.rqActive && this.#env.random() * ++ties < 1) best = host;
    }
    return best;
  }
}

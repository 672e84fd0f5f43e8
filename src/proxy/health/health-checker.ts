import { HealthFlag, type Host } from '../upstream/host.ts';
import type { HealthCheckEnvironment } from '../upstream/load-balancer.ts';
import type { HealthCheckConfig } from './config.ts';
import { type ProbeResult, probe } from './probe.ts';

/** Active health checks of one cluster: one session a host, from its discovery to its removal. */
export class HealthChecker {
  readonly #config: HealthCheckConfig;
  readonly #env: HealthCheckEnvironment;
  readonly #sessions = new Map<Host, Session>();
  readonly #stop: () => void;

  constructor(config: HealthCheckConfig, env: HealthCheckEnvironment) {
    this.#config = config;
    this.#env = env;
    for (const set of env.hosts.sets) for (const host of set.hosts) this.#add(host);
    this.#stop = env.hosts.subscribe(({ added, removed }) => {
      for (const host of removed) {
        this.#sessions.get(host)?.close();
        this.#sessions.delete(host);
      }
      for (const host of added) this.#add(host);
      this.#gauge();
    });
    this.#gauge();
  }

  #add(host: Host): void {
    this.#sessions.set(host, new Session(host, this.#config, this.#env, () => this.#gauge()));
  }

  #gauge(): void {
    let healthy = 0;
    let degraded = 0;
    for (const host of this.#sessions.keys()) {
      if (host.health === 'healthy') healthy++;
      else if (host.health === 'degraded') degraded++;
    }
    this.#env.stats.gauge('health_check.healthy').value = healthy;
    this.#env.stats.gauge('health_check.degraded').value = degraded;
  }

  close(): void {
    this.#stop();
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }
}

class Session {
  readonly #host: Host;
  readonly #config: HealthCheckConfig;
  readonly #env: HealthCheckEnvironment;
  readonly #changed: () => void;
  #timer: { cancel(): void };
  #first = true;
  #successes = 0;
  #failures = 0;
  #closed = false;

  constructor(host: Host, config: HealthCheckConfig, env: HealthCheckEnvironment, changed: () => void) {
    this.#host = host;
    this.#config = config;
    this.#env = env;
    this.#changed = changed;
    const wait = config.initialJitterMs > 0 ? env.random() * config.initialJitterMs : 0;
    this.#timer = env.after(wait, () => void this.#check());
  }

  async #check(): Promise<void> {
    this.#count('attempt');
    const result = await probe(this.#host, this.#config, this.#env);
    if (this.#closed) return;
    const edge = result.kind === 'healthy' ? this.#onSuccess(result.degraded) : this.#onFailure(result);
    this.#first = false;
    this.#timer = this.#env.after(this.#wait(result, edge), () => void this.#check());
  }

  #onSuccess(degraded: boolean): boolean {
    this.#count('success');
    this.#failures = 0;
    this.#successes++;
    const host = this.#host;
    const before = host.healthFlags;
    const failed = (before & HealthFlag.failedActiveHealthCheck) !== 0;
    const recovered = failed && (this.#first || this.#successes >= this.#config.healthyThreshold);
    if (recovered) {
      host.clearHealthFlag(HealthFlag.failedActiveHealthCheck);
      host.readySince = this.#env.clock.monotonic();
    }
    host.clearHealthFlag(HealthFlag.pendingActiveHealthCheck);
    if (degraded) host.setHealthFlag(HealthFlag.degradedActiveHealthCheck);
    else host.clearHealthFlag(HealthFlag.degradedActiveHealthCheck);
    this.#tell(before, recovered ? 'healthy' : undefined);
    return recovered;
  }

  #onFailure(result: Extract<ProbeResult, { kind: 'failed' }>): boolean {
    this.#count('failure');
    if (result.network) this.#count('network_failure');
    this.#successes = 0;
    this.#failures++;
    const host = this.#host;
    const before = host.healthFlags;
    const wasGood = (before & HealthFlag.failedActiveHealthCheck) === 0;
    const fell =
      wasGood && (this.#first || result.immediate || this.#failures >= this.#config.unhealthyThreshold);
    if (fell) host.setHealthFlag(HealthFlag.failedActiveHealthCheck);
    host.clearHealthFlag(HealthFlag.pendingActiveHealthCheck);
    this.#tell(before, fell ? `unhealthy: ${result.reason}` : undefined);
    return fell;
  }

  #tell(before: number, transition: string | undefined): void {
    if (this.#host.healthFlags !== before) {
      this.#env.hosts.healthChanged([this.#host]);
      this.#changed();
    }
    if (transition !== undefined)
      this.#env.log.info('health check changed a host', {
        cluster: this.#env.clusterName,
        host: this.#host.address.text,
        state: transition,
      });
  }

  /** The pause before the next check: by state, by whether it just changed, longer while nobody uses the cluster. */
  #wait(result: ProbeResult, edge: boolean): number {
    const config = this.#config;
    let base: number;
    if (!this.#used()) base = result.kind === 'healthy' ? config.noTrafficHealthyMs : config.noTrafficMs;
    else if (result.kind === 'healthy') base = edge ? config.healthyEdgeMs : config.intervalMs;
    else base = edge ? config.unhealthyEdgeMs : config.unhealthyIntervalMs;
    const jitter = config.jitterMs + (base * config.jitterPercent) / 100;
    return base + this.#env.random() * jitter;
  }

  #used(): boolean {
    return this.#env.hosts.sets.some((set) =>
      set.hosts.some((host) => host.stats.rqTotal > 0 || host.stats.cxTotal > 0),
    );
  }

  #count(name: string): void {
    this.#env.stats.counter(`health_check.${name}`).value++;
  }

  close(): void {
    this.#closed = true;
    this.#timer.cancel();
  }
}

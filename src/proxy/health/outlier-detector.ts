import { HealthFlag, type Host } from '../upstream/host.ts';
import type { HealthCheckEnvironment, OutlierMonitor } from '../upstream/load-balancer.ts';
import type { OutlierConfig, OutlierKind } from './config.ts';

/** Per-host state; hangs on `host.outlier`. */
class HostMonitor {
  consecutive5xx = 0;
  consecutiveGateway = 0;
  consecutiveLocal = 0;
  readonly external = { total: 0, good: 0 };
  readonly local = { total: 0, good: 0 };
  ejectedAt = -1;
  releasedAt = -1;
  /** Grows by one with each ejection and shrinks in quiet intervals: ejections last this many base times. */
  backoff = 0;
  jitterMs = 0;

  resetConsecutive(): void {
    this.consecutive5xx = 0;
    this.consecutiveGateway = 0;
    this.consecutiveLocal = 0;
  }
}

/**
 * Passive health checking: takes hosts out of rotation that fail in a row, or more often than their peers, for a time that grows with each
 * ejection. Never more than `maxEjectionPercent` of the hosts are out at once (`alwaysEjectOne` allows the first in any case).
 */
export class OutlierDetector implements OutlierMonitor {
  readonly #config: OutlierConfig;
  readonly #env: HealthCheckEnvironment;
  readonly #stop: () => void;
  #timer: { cancel(): void };
  #hosts: Set<Host>;
  readonly #active: { value: number };

  constructor(config: OutlierConfig, env: HealthCheckEnvironment) {
    this.#config = config;
    this.#env = env;
    this.#active = env.stats.gauge('outlier_detection.ejections_active');
    this.#hosts = new Set(env.hosts.sets.flatMap((set) => set.hosts));
    this.#stop = env.hosts.subscribe(({ added, removed }) => {
      for (const host of added) this.#hosts.add(host);
      for (const host of removed) {
        this.#hosts.delete(host);
        if ((host.healthFlags & HealthFlag.failedOutlierCheck) !== 0) this.#active.value--;
      }
    });
    this.#timer = env.after(config.intervalMs, () => this.#interval());
  }

  onStatus(host: Host, status: number): void {
    const monitor = monitorOf(host);
    monitor.external.total++;
    if (status < 500) {
      monitor.external.good++;
      monitor.consecutive5xx = 0;
      monitor.consecutiveGateway = 0;
      return;
    }
    if (status >= 502 && status <= 504) {
      if (++monitor.consecutiveGateway === this.#config.consecutiveGatewayFailure)
        this.#detected(host, 'consecutive_gateway_failure');
    } else monitor.consecutiveGateway = 0;
    if (++monitor.consecutive5xx === this.#config.consecutive5xx) this.#detected(host, 'consecutive_5xx');
  }

  onLocalOriginFailure(host: Host, kind: 'connect-failed' | 'timeout' | 'reset'): void {
    if (!this.#config.splitLocalOrigin) return this.onStatus(host, kind === 'timeout' ? 504 : 503);
    const monitor = monitorOf(host);
    monitor.local.total++;
    if (++monitor.consecutiveLocal === this.#config.consecutiveLocalOriginFailure)
      this.#detected(host, 'consecutive_local_origin_failure');
  }

  onLocalOriginSuccess(host: Host): void {
    if (!this.#config.splitLocalOrigin) return;
    const monitor = monitorOf(host);
    monitor.local.total++;
    monitor.local.good++;
    monitor.consecutiveLocal = 0;
  }

  onResponseTime(): void {}

  #detected(host: Host, kind: OutlierKind): void {
    if ((host.healthFlags & HealthFlag.failedOutlierCheck) !== 0 || !this.#hosts.has(host)) return;
    this.#count(`ejections_detected_${kind}`);
    this.#eject(host, kind);
    const monitor = monitorOf(host);
    if (kind === 'consecutive_5xx') monitor.consecutive5xx = 0;
    else if (kind === 'consecutive_gateway_failure') monitor.consecutiveGateway = 0;
    else if (kind === 'consecutive_local_origin_failure') monitor.consecutiveLocal = 0;
  }

  #eject(host: Host, kind: OutlierKind): void {
    const config = this.#config;
    const share = (100 * (this.#active.value + 1)) / this.#hosts.size;
    if (share > config.maxEjectionPercent && !(config.alwaysEjectOne && this.#active.value === 0))
      return this.#count('ejections_overflow');
    if (kind === 'consecutive_5xx' || kind === 'success_rate') this.#count('ejections_total');
    if (this.#env.random() * 100 >= config.enforcing[kind]) return;
    this.#active.value++;
    this.#count('ejections_enforced_total');
    this.#count(`ejections_enforced_${kind}`);
    const monitor = monitorOf(host);
    monitor.ejectedAt = this.#env.clock.monotonic();
    monitor.jitterMs = this.#env.random() * config.jitterMs;
    if (monitor.backoff * config.baseEjectionMs < config.maxEjectionMs + config.baseEjectionMs)
      monitor.backoff++;
    host.setHealthFlag(HealthFlag.failedOutlierCheck);
    this.#env.hosts.healthChanged([host]);
    this.#env.log.info('host ejected', {
      cluster: this.#env.clusterName,
      host: host.address.text,
      reason: kind,
    });
  }

  #interval(): void {
    const now = this.#env.clock.monotonic();
    for (const host of this.#hosts) this.#release(host, now);
    this.#judge('external', 'success_rate', 'failure_percentage');
    if (this.#config.splitLocalOrigin)
      this.#judge('local', 'local_origin_success_rate', 'local_origin_failure_percentage');
    for (const host of this.#hosts) {
      const monitor = monitorOf(host);
      Object.assign(monitor.external, { total: 0, good: 0 });
      Object.assign(monitor.local, { total: 0, good: 0 });
    }
    this.#timer = this.#env.after(this.#config.intervalMs, () => this.#interval());
  }

  #release(host: Host, now: number): void {
    const monitor = monitorOf(host);
    const { baseEjectionMs, maxEjectionMs, intervalMs } = this.#config;
    if ((host.healthFlags & HealthFlag.failedOutlierCheck) === 0) {
      // A quiet interval earns a shorter ejection next time.
      if (monitor.backoff > 0 && monitor.releasedAt >= 0 && now - monitor.releasedAt >= intervalMs)
        monitor.backoff--;
      return;
    }
    const served = now - monitor.ejectedAt;
    if (Math.min(baseEjectionMs * monitor.backoff, maxEjectionMs) + monitor.jitterMs > served) return;
    this.#active.value--;
    monitor.resetConsecutive();
    monitor.releasedAt = now;
    host.clearHealthFlag(HealthFlag.failedOutlierCheck);
    this.#env.hosts.healthChanged([host]);
    this.#env.log.info('host back in rotation', { cluster: this.#env.clusterName, host: host.address.text });
  }

  /** Compares the hosts' success rates of the last interval. */
  #judge(origin: 'external' | 'local', rateKind: OutlierKind, failureKind: OutlierKind): void {
    const { successRate, failurePercentage } = this.#config;
    const rates = (volume: number) =>
      [...this.#hosts]
        .filter((host) => (host.healthFlags & HealthFlag.failedOutlierCheck) === 0)
        .map((host) => ({ host, counts: monitorOf(host)[origin] }))
        .filter(({ counts }) => counts.total >= Math.max(1, volume))
        .map(({ host, counts }) => ({ host, rate: (100 * counts.good) / counts.total }));
    const compared = rates(successRate.requestVolume);
    if (compared.length > 0 && compared.length >= successRate.minimumHosts) {
      const mean = compared.reduce((sum, { rate }) => sum + rate, 0) / compared.length;
      const variance = compared.reduce((sum, { rate }) => sum + (rate - mean) ** 2, 0) / compared.length;
      const threshold = mean - (Math.sqrt(variance) * successRate.stdevFactor) / 1000;
      for (const { host, rate } of compared) if (rate < threshold) this.#detected(host, rateKind);
    }
    const failing = rates(failurePercentage.requestVolume);
    if (failing.length > 0 && failing.length >= failurePercentage.minimumHosts)
      for (const { host, rate } of failing)
        if (100 - rate >= failurePercentage.threshold) this.#detected(host, failureKind);
  }

  #count(name: string): void {
    this.#env.stats.counter(`outlier_detection.${name}`).value++;
  }

  close(): void {
    this.#stop();
    this.#timer.cancel();
  }
}

function monitorOf(host: Host): HostMonitor {
  if (!(host.outlier instanceof HostMonitor)) host.outlier = new HostMonitor();
  return host.outlier as HostMonitor;
}

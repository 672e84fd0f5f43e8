import type { ClusterStats } from '../stats/cluster-stats.ts';
import type { BreakerConfig } from './cluster-config.ts';

/** Counts what one priority of a cluster has under way, against its limits. */
export class Breaker {
  connections = 0;
  pending = 0;
  requests = 0;
  retries = 0;
  readonly config: BreakerConfig;
  readonly #stats: ClusterStats;
  readonly #high: boolean;

  constructor(config: BreakerConfig, stats: ClusterStats, high: boolean) {
    this.config = config;
    this.#stats = stats;
    this.#high = high;
  }

  get canConnect(): boolean {
    return this.connections < this.config.maxConnections;
  }

  get canQueue(): boolean {
    return this.pending < this.config.maxPendingRequests;
  }

  get canRequest(): boolean {
    return this.requests < this.config.maxRequests;
  }

  get canRetry(): boolean {
    const budget = this.config.retryBudget;
    if (budget === undefined) return this.retries < this.config.maxRetries;
    const active = this.requests + this.pending;
    return this.retries < Math.max(budget.minConcurrency, (active * budget.percent) / 100);
  }

  /** Brings the `circuit_breakers.*_open` gauges up to date; called when statistics are read. */
  publish(): void {
    const stats = this.#stats;
    const cx = this.canConnect ? 0 : 1;
    const rq = this.canRequest ? 0 : 1;
    const pending = this.canQueue ? 0 : 1;
    const retry = this.canRetry ? 0 : 1;
    if (this.#high) {
      stats.cbHighCxOpen = cx;
      stats.cbHighRqOpen = rq;
      stats.cbHighRqPendingOpen = pending;
      stats.cbHighRqRetryOpen = retry;
    } else {
      stats.cbDefaultCxOpen = cx;
      stats.cbDefaultRqOpen = rq;
      stats.cbDefaultRqPendingOpen = pending;
      stats.cbDefaultRqRetryOpen = retry;
    }
  }
}

import type { Logger } from '../../base/log.ts';
import type { LogSink } from '../access-log/logger.ts';
import type { FilterEnvironment, StatsSink } from '../http/filter.ts';
import type { ListenerSet } from '../listener/listener-set.ts';
import type { RouteTable } from '../router/route.ts';
import type { HttpStats } from '../stats/http-stats.ts';
import type { MeshMetrics } from '../stats/mesh-metrics.ts';
import type { StatsScope, StatsStore } from '../stats/store.ts';
import type { ClusterRegistry } from '../upstream/cluster-registry.ts';

/** What compiling needs of the running proxy. Compiling changes nothing that serves: the results are swapped in afterwards. */
export interface CompileContext {
  readonly stats: StatsStore;
  readonly clusters: ClusterRegistry;
  readonly listeners: ListenerSet;
  readonly log: Logger;
  /** Uniform in [0, 1). */
  random(): number;
  runtime(key: string): number | boolean | string | undefined;
  after(ms: number, fn: () => void): { cancel(): void };
  /** The route table of an RDS name as of now. */
  routes(name: string): RouteTable | undefined;
  logSink(path: string): LogSink;
  httpStats(prefix: string): HttpStats;
  /** Node cluster, for user-agent and the like. */
  readonly nodeCluster: string;
  readonly nodeId: string;
  readonly meshMetrics: MeshMetrics;
  filterEnvironment(statPrefix: string): FilterEnvironment;
}

/** Statistics by full Envoy name for filters: `http.<prefix>.<rest>`, `cluster.<name>.<rest>`, else at the root. */
export function statsSink(store: StatsStore, known: StatsScope): StatsSink {
  const resolve = (name: string): [StatsScope, string] =>
    name.startsWith(known.prefix) ? [known, name.slice(known.prefix.length)] : [store.scope('root'), name];
  return {
    counter(name) {
      const [scope, rest] = resolve(name);
      return scope.counter(rest);
    },
    gauge(name) {
      const [scope, rest] = resolve(name);
      return scope.gauge(rest);
    },
    histogram(name) {
      const [scope, rest] = resolve(name);
      return scope.histogram(rest);
    },
  };
}

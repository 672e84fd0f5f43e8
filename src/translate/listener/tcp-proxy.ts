import type { MeshConfig } from '../../mesh/index.ts';
import { accessLog } from '../access-log.ts';
import type { Json } from '../typed.ts';
import { compact, extension } from '../typed.ts';

export interface WeightedTarget {
  readonly cluster: string;
  readonly weight: number;
}

/** The TCP proxy filter to one cluster, or to several by weight. */
export function tcpProxy(
  config: MeshConfig,
  targets: readonly WeightedTarget[] | string,
  statPrefix?: string,
): Json {
  const single =
    typeof targets === 'string' ? targets : targets.length === 1 ? targets[0]?.cluster : undefined;
  return extension(
    'envoy.filters.network.tcp_proxy',
    'tcpProxy',
    compact({
      stat_prefix: statPrefix ?? single ?? 'weighted',
      cluster: single,
      weighted_clusters:
        single === undefined
          ? {
              clusters: (targets as readonly WeightedTarget[]).map(({ cluster, weight }) => ({
                name: cluster,
                weight,
              })),
            }
          : undefined,
      access_log: accessLog(config),
    }),
  );
}

import { ConfigFault } from '../../match/config-fault.ts';
import { xxHash64 } from '../../match/hash.ts';
import type { Metadata } from '../../xds/messages/core.ts';
import type { TcpProxy } from '../../xds/messages/network-filters.ts';
import type { DownstreamInfo } from '../network/downstream.ts';
import type { TerminalFilterFactory } from '../network/network-filter.ts';
import { TcpStats } from '../stats/tcp-stats.ts';
import type { RequestTelemetry } from '../stats/telemetry.ts';
import { createTcpProxy, type TcpTarget } from '../tcp/tcp-proxy.ts';
import { compileAccessLogs } from './access-log.ts';
import type { CompileContext } from './compile-context.ts';

/** Compiles a TcpProxy; throws ConfigFault. */
export function compileTcpProxy(
  message: TcpProxy,
  telemetry: RequestTelemetry | undefined,
  ctx: CompileContext,
): TerminalFilterFactory {
  if (message.backoff_options !== undefined)
    throw new ConfigFault('backoff_options', 'reconnects happen at once: backoff_options is not supported');
  const targets = compileTargets(message);
  const scope = ctx.stats.scope('tcp', message.stat_prefix);
  return createTcpProxy({
    stats: scope.attachment('tcp', () => new TcpStats(scope)),
    clusters: ctx.clusters,
    targets,
    totalWeight: targets.reduce((sum, target) => sum + target.weight, 0),
    random: ctx.random,
    idleTimeoutMs: message.downstream_idle_timeout ?? message.idle_timeout,
    maxDurationMs: message.max_downstream_connection_duration ?? 0,
    maxConnectAttempts: message.max_connect_attempts,
    hash: hashOf(message),
    accessLogs: compileAccessLogs(message.access_log, ctx),
    telemetry,
  });
}

function compileTargets(message: TcpProxy): TcpTarget[] {
  const shared = metadataMatch(message.metadata_match);
  if (message.weighted_clusters === undefined) {
    return [{ cluster: message.cluster ?? '', weight: 1, metadataMatch: shared }];
  }
  return message.weighted_clusters.clusters.map((cluster) => ({
    cluster: cluster.name,
    weight: cluster.weight,
    metadataMatch: metadataMatch(cluster.metadata_match) ?? shared,
  }));
}

function metadataMatch(metadata: Metadata | undefined): TcpTarget['metadataMatch'] {
  const wanted = metadata?.filter_metadata['envoy.lb'];
  if (wanted === undefined) return undefined;
  return Object.entries(wanted).sort(([a], [b]) => (a < b ? -1 : 1));
}

function hashOf(message: TcpProxy): ((info: DownstreamInfo) => bigint | undefined) | undefined {
  const [policy] = message.hash_policy;
  if (policy === undefined) return undefined;
  if (policy.source_ip !== undefined) return (info) => xxHash64(info.remote.ip);
  const key = policy.filter_state?.key ?? '';
  return (info) => {
    const value = info.filterState.get(key);
    return value === undefined ? undefined : xxHash64(String(value));
  };
}

import type { Cluster } from '../upstream/cluster.ts';
import type { ClusterRegistry } from '../upstream/cluster-registry.ts';
import { HealthFlag, type Host } from '../upstream/host.ts';

/** Every known cluster, running ones with their hosts. Asking starts a cluster, so that what is shown is what a request would see. */
function all(registry: ClusterRegistry): Cluster[] {
  return [...registry.names].flatMap((name) => registry.get(name) ?? []);
}

/** Envoy's `/clusters` text. */
export function clustersText(registry: ClusterRegistry): string {
  let page = '';
  for (const cluster of all(registry)) {
    const line = (rest: string) => {
      page += `${cluster.name}::${rest}\n`;
    };
    line(`observability_name::${cluster.config.statName}`);
    cluster.config.breakers.forEach((breaker, i) => {
      const priority = i === 0 ? 'default_priority' : 'high_priority';
      line(`${priority}::max_connections::${breaker.maxConnections}`);
      line(`${priority}::max_pending_requests::${breaker.maxPendingRequests}`);
      line(`${priority}::max_requests::${breaker.maxRequests}`);
      line(`${priority}::max_retries::${breaker.maxRetries}`);
    });
    line(`added_via_api::${cluster.config.addedViaApi}`);
    for (const host of cluster.hosts.all)
      for (const [name, value] of hostFields(host)) line(`${host.address.text}::${name}::${value}`);
  }
  return page;
}

function hostFields(host: Host): [string, string | number | boolean][] {
  const stats = host.stats;
  return [
    ['cx_active', stats.cxActive],
    ['cx_connect_fail', stats.cxConnectFail],
    ['cx_total', stats.cxTotal],
    ['rq_active', stats.rqActive],
    ['rq_error', stats.rqError],
    ['rq_success', stats.rqSuccess],
    ['rq_timeout', stats.rqTimeout],
    ['rq_total', stats.rqTotal],
    ['hostname', host.hostname],
    ['health_flags', healthText(host)],
    ['weight', host.weight],
    ['region', host.locality.region],
    ['zone', host.locality.zone],
    ['sub_zone', host.locality.subZone],
    ['canary', host.canary],
    ['priority', host.priority],
    ['success_rate', -1],
    ['local_origin_success_rate', -1],
  ];
}

const flagNames: readonly (readonly [number, string])[] = [
  [HealthFlag.failedActiveHealthCheck, '/failed_active_hc'],
  [HealthFlag.failedOutlierCheck, '/failed_outlier_check'],
  [HealthFlag.failedEdsHealth, '/failed_eds_health'],
  [HealthFlag.degradedActiveHealthCheck, '/degraded_active_hc'],
  [HealthFlag.degradedEdsHealth, '/degraded_eds_health'],
  [HealthFlag.pendingDynamicRemoval, '/pending_dynamic_removal'],
  [HealthFlag.pendingActiveHealthCheck, '/pending_active_hc'],
  [HealthFlag.edsStatusDraining, '/eds_status_draining'],
];

function healthText(host: Host): string {
  const set = flagNames.filter(([bit]) => (host.healthFlags & bit) !== 0).map(([, name]) => name);
  return set.length === 0 ? 'healthy' : set.join('');
}

/** Envoy's `/clusters?format=json` (envoy.admin.v3.Clusters). */
export function clustersJson(registry: ClusterRegistry): unknown {
  return {
    cluster_statuses: all(registry).map((cluster) => ({
      name: cluster.name,
      added_via_api: cluster.config.addedViaApi,
      host_statuses: [...cluster.hosts.all].map(hostJson),
      circuit_breakers: {
        thresholds: cluster.config.breakers.map((breaker, i) => ({
          priority: i === 0 ? 'DEFAULT' : 'HIGH',
          max_connections: breaker.maxConnections,
          max_pending_requests: breaker.maxPendingRequests,
          max_requests: breaker.maxRequests,
          max_retries: breaker.maxRetries,
        })),
      },
      observability_name: cluster.config.statName,
    })),
  };
}

function hostJson(host: Host): unknown {
  const stats = host.stats;
  const counter = (name: string, value: number) => ({ name, value: String(value) });
  const gauge = (name: string, value: number) => ({ name, value: String(value), type: 'GAUGE' });
  const failed = (bit: number) => (host.healthFlags & bit) !== 0;
  const address =
    host.address.path === ''
      ? { socket_address: { address: host.address.ip, port_value: host.address.port } }
      : { pipe: { path: host.address.path } };
  return {
    address,
    stats: [
      counter('cx_connect_fail', stats.cxConnectFail),
      counter('cx_total', stats.cxTotal),
      counter('rq_error', stats.rqError),
      counter('rq_success', stats.rqSuccess),
      counter('rq_timeout', stats.rqTimeout),
      counter('rq_total', stats.rqTotal),
      gauge('cx_active', stats.cxActive),
      gauge('rq_active', stats.rqActive),
    ],
    health_status: {
      eds_health_status: failed(HealthFlag.edsStatusDraining)
        ? 'DRAINING'
        : failed(HealthFlag.failedEdsHealth)
          ? 'UNHEALTHY'
          : 'HEALTHY',
      ...(failed(HealthFlag.failedActiveHealthCheck) ? { failed_active_health_check: true } : {}),
      ...(failed(HealthFlag.failedOutlierCheck) ? { failed_outlier_check: true } : {}),
    },
    weight: host.weight,
    ...(host.hostname === '' ? {} : { hostname: host.hostname }),
    ...(host.priority === 0 ? {} : { priority: host.priority }),
    locality: {
      ...(host.locality.region === '' ? {} : { region: host.locality.region }),
      ...(host.locality.zone === '' ? {} : { zone: host.locality.zone }),
      ...(host.locality.subZone === '' ? {} : { sub_zone: host.locality.subZone }),
    },
  };
}

/**
 * Names of Envoy resources. They are Istio's, because `istioctl proxy-config`, dashboards and users' EnvoyFilters parse them:
 * `outbound|9080|v1|reviews.default.svc.cluster.local`, `inbound|9080||`.
 */
export type TrafficDirection = 'inbound' | 'outbound';

export interface ClusterKey {
  readonly direction: TrafficDirection;
  readonly port: number;
  readonly subset: string;
  readonly host: string;
}

export function clusterName(key: ClusterKey): string {
  return `${key.direction}|${key.port}|${key.subset}|${key.host}`;
}

export function outboundCluster(host: string, port: number, subset = ''): string {
  return clusterName({ direction: 'outbound', port, subset, host });
}

export function inboundCluster(port: number): string {
  return clusterName({ direction: 'inbound', port, subset: '', host: '' });
}

/** The parts of a cluster name, or undefined when it is not one of ours (`PassthroughCluster`, `agent`…). */
export function parseClusterName(name: string): ClusterKey | undefined {
  const [direction, port, subset, host, ...rest] = name.split('|');
  if ((direction !== 'inbound' && direction !== 'outbound') || host === undefined || rest.length > 0)
    return undefined;
  return { direction, port: Number(port), subset: subset ?? '', host };
}

export const passthroughCluster = 'PassthroughCluster';
export const blackHoleCluster = 'BlackHoleCluster';
export const inboundPassthroughCluster = 'InboundPassthroughCluster';
export const virtualOutboundListener = 'virtualOutbound';
export const virtualInboundListener = 'virtualInbound';

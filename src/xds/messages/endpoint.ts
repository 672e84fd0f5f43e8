import { map, message, repeated } from '../message.ts';
import { bool, duration, enumeration, optionalString, string, uint32, uint32Value } from '../scalar.ts';
import type { Infer } from '../schema.ts';
import { Address, Locality, Metadata } from './core.ts';
import { FractionalPercent } from './percent.ts';

export const HealthStatus = enumeration('HealthStatus', [
  'UNKNOWN',
  'HEALTHY',
  'UNHEALTHY',
  'DRAINING',
  'TIMEOUT',
  'DEGRADED',
]);

export const HealthStatusSet = message('envoy.config.core.v3.HealthStatusSet', {
  statuses: repeated(HealthStatus),
});

export const Endpoint = message(
  'envoy.config.endpoint.v3.Endpoint',
  {
    address: Address,
    health_check_config: message('envoy.config.endpoint.v3.Endpoint.HealthCheckConfig', {
      port_value: uint32({ lte: 65535 }),
      hostname: string(),
      address: Address,
      disable_active_health_check: bool(),
    }),
    hostname: string(),
  },
  { unsupported: { additional_addresses: 'one address an endpoint' } },
);
export type Endpoint = Infer<typeof Endpoint>;

export const LbEndpoint = message(
  'envoy.config.endpoint.v3.LbEndpoint',
  {
    endpoint: Endpoint,
    endpoint_name: optionalString(),
    health_status: HealthStatus,
    metadata: Metadata,
    load_balancing_weight: uint32Value({ gte: 1 }),
  },
  { oneofs: [{ fields: ['endpoint', 'endpoint_name'] }] },
);
export type LbEndpoint = Infer<typeof LbEndpoint>;

export const LocalityLbEndpoints = message(
  'envoy.config.endpoint.v3.LocalityLbEndpoints',
  {
    locality: Locality,
    metadata: Metadata,
    lb_endpoints: repeated(LbEndpoint),
    load_balancing_weight: uint32Value({ gte: 1 }),
    priority: uint32({ lte: 128 }),
    proximity: uint32Value(),
  },
  {
    unsupported: {
      load_balancer_endpoints: 'endpoints stand in lb_endpoints',
      leds_cluster_locality_config: 'endpoints stand in lb_endpoints',
    },
  },
);
export type LocalityLbEndpoints = Infer<typeof LocalityLbEndpoints>;

export const ClusterLoadAssignment = message('envoy.config.endpoint.v3.ClusterLoadAssignment', {
  cluster_name: string({ min: 1 }),
  endpoints: repeated(LocalityLbEndpoints),
  named_endpoints: map(Endpoint),
  policy: message('envoy.config.endpoint.v3.ClusterLoadAssignment.Policy', {
    drop_overloads: repeated(
      message('envoy.config.endpoint.v3.ClusterLoadAssignment.Policy.DropOverload', {
        category: string({ min: 1 }),
        drop_percentage: FractionalPercent,
      }),
    ),
    overprovisioning_factor: uint32Value({ gt: 0, default: 140 }),
    endpoint_stale_after: duration({ gt: 0 }),
    weighted_priority_health: bool(),
  }),
});
export type ClusterLoadAssignment = Infer<typeof ClusterLoadAssignment>;

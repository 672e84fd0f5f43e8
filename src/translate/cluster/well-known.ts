import { protoDuration } from '../../base/duration.ts';
import { inboundPassthroughAddress } from '../../base/ports.ts';
import type { MeshConfig } from '../../mesh/index.ts';
import { blackHoleCluster, inboundPassthroughCluster, passthroughCluster } from '../../xds/names.ts';
import type { Json } from '../typed.ts';
import { compact, socketAddress, typed } from '../typed.ts';
import { httpProtocolOptions } from './traffic-policy.ts';

/** Connections keep going where the client sent them. */
export function passthrough(config: MeshConfig): Json {
  return originalDst(config, passthroughCluster, false);
}

/** Drops what is sent to it. */
export function blackHole(config: MeshConfig): Json {
  return typed('cluster', {
    name: blackHoleCluster,
    type: 'STATIC',
    connect_timeout: protoDuration(config.connectTimeoutMs),
  });
}

/** Inbound connections to ports no Service names. */
export function inboundPassthrough(config: MeshConfig): Json {
  return originalDst(config, inboundPassthroughCluster, true);
}

/** The application behind a port; the source address exempts the connection from capture. */
export function originalDst(
  config: MeshConfig,
  name: string,
  inbound: boolean,
  extra: Record<string, unknown> = {},
): Json {
  return typed(
    'cluster',
    compact({
      name,
      type: 'ORIGINAL_DST',
      lb_policy: 'CLUSTER_PROVIDED',
      connect_timeout: protoDuration(config.connectTimeoutMs),
      circuit_breakers: {
        thresholds: [
          {
            max_connections: 4_294_967_295,
            max_pending_requests: 4_294_967_295,
            max_requests: 4_294_967_295,
            max_retries: 4_294_967_295,
            track_remaining: true,
          },
        ],
      },
      upstream_bind_config: inbound
        ? {
            source_address: (socketAddress(inboundPassthroughAddress, 0) as { socket_address: Json })
              .socket_address,
          }
        : undefined,
      typed_extension_protocol_options: httpProtocolOptions({
        pool: undefined,
        http2: false,
        detected: true,
      }),
      ...extra,
    }),
  );
}

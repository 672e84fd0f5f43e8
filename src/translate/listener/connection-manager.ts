import type { MeshConfig } from '../../mesh/index.ts';
import { accessLog } from '../access-log.ts';
import type { Direction } from '../filters/order.ts';
import { httpFilters } from '../filters/order.ts';
import type { Json } from '../typed.ts';
import { adsSource, compact, extension } from '../typed.ts';

export interface ConnectionManagerOptions {
  readonly config: MeshConfig;
  readonly direction: Direction;
  readonly statPrefix: string;
  /** A route table by name, or the table itself. */
  readonly routes: { readonly name: string } | { readonly inline: Json };
}

/** The HTTP connection manager with Istio's settings (Istio: ListenerBuilder.buildHTTPConnectionManager). */
export function connectionManager(options: ConnectionManagerOptions): Json {
  const { config, direction, routes } = options;
  return extension(
    'envoy.filters.network.http_connection_manager',
    'httpConnectionManager',
    compact({
      stat_prefix: options.statPrefix,
      codec_type: 'AUTO',
      ...('name' in routes
        ? { rds: { config_source: adsSource, route_config_name: routes.name } }
        : { route_config: routes.inline }),
      http_filters: httpFilters(direction),
      server_name: direction === 'outbound' ? undefined : 'istio-envoy',
      // A sidecar's client sees the server's own name, not the proxy's.
      server_header_transformation: direction === 'outbound' ? 'PASS_THROUGH' : undefined,
      use_remote_address: direction === 'gateway',
      forward_client_cert_details: certDetails[direction],
      generate_request_id: true,
      normalize_path: config.pathNormalization !== 'NONE',
      ...normalization(config),
      // Long streams are ordinary; users bound them with their own timeouts.
      stream_idle_timeout: '0s',
      upgrade_configs: [{ upgrade_type: 'websocket' }],
      access_log: accessLog(config),
    }),
  );
}

const certDetails: Record<Direction, string | undefined> = {
  inbound: 'APPEND_FORWARD',
  gateway: 'SANITIZE_SET',
  outbound: undefined,
};

function normalization(config: MeshConfig): Record<string, unknown> {
  switch (config.pathNormalization) {
    case 'MERGE_SLASHES':
      return { merge_slashes: true };
    case 'DECODE_AND_MERGE_SLASHES':
      return { merge_slashes: true, path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD' };
    default:
      return { path_with_escaped_slashes_action: 'KEEP_UNCHANGED' };
  }
}

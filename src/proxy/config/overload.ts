import { unpack } from '../../xds/message.ts';
import type { Bootstrap } from '../../xds/messages/bootstrap.ts';
import { DownstreamConnectionsConfig } from '../../xds/messages/bootstrap.ts';

/** Most downstream connections of the process (overload manager's downstream_connections monitor, or the runtime key), 0 = no limit. */
export function overloadLimit(message: Bootstrap): number {
  for (const monitor of message.overload_manager?.resource_monitors ?? []) {
    const config = unpack(monitor.typed_config, DownstreamConnectionsConfig);
    if (config !== undefined) return config.max_active_downstream_connections;
  }
  return 0;
}

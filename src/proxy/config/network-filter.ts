import { ConfigFault } from '../../match/config-fault.ts';
import { unpack } from '../../xds/message.ts';
import type { NetworkFilter } from '../../xds/messages/listener.ts';
import {
  NetworkExtAuthz,
  NetworkLocalRateLimit,
  NetworkRbac,
  SniCluster,
} from '../../xds/messages/network-filters.ts';
import type { NetworkFilterFactory } from '../network/network-filter.ts';
import { networkExtAuthz } from '../network-filters/ext-authz.ts';
import { networkLocalRateLimit } from '../network-filters/local-ratelimit.ts';
import { networkRbac } from '../network-filters/rbac.ts';
import { tcpClusterState } from '../tcp/tcp-proxy.ts';
import type { CompileContext } from './compile-context.ts';

/** Compiles a network filter that does not end its chain. */
export function compileNetworkFilter(message: NetworkFilter, ctx: CompileContext): NetworkFilterFactory {
  const config = message.typed_config;
  if (unpack(config, SniCluster) !== undefined) return sniCluster(message.name);
  const env = ctx.filterEnvironment('');
  const rbac = unpack(config, NetworkRbac);
  if (rbac !== undefined) return networkRbac(message.name, rbac, env);
  const limit = unpack(config, NetworkLocalRateLimit);
  if (limit !== undefined) return networkLocalRateLimit(message.name, limit, env);
  const authz = unpack(config, NetworkExtAuthz);
  if (authz !== undefined) return networkExtAuthz(message.name, authz, env);
  throw new ConfigFault('', `${config.type} is not supported`);
}

/** envoy.filters.network.sni_cluster: the server name the client asked for is the cluster tcp_proxy sends to. */
function sniCluster(name: string): NetworkFilterFactory {
  return {
    name,
    create: () => ({
      onNewConnection(connection) {
        const { requestedServerName, filterState } = connection.info;
        if (requestedServerName !== '') filterState.set(tcpClusterState, requestedServerName);
        return 'continue';
      },
    }),
  };
}

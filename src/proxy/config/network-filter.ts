import { ConfigFault } from '../../match/config-fault.ts';
import { unpack } from '../../xds/message.ts';
import type { NetworkFilter } from '../../xds/messages/listener.ts';
import { SniCluster } from '../../xds/messages/network-filters.ts';
import type { NetworkFilterFactory } from '../network/network-filter.ts';
import { tcpClusterState } from '../tcp/tcp-proxy.ts';
import type { CompileContext } from './compile-context.ts';

/** Compiles a network filter that does not end its chain. */
export function compileNetworkFilter(message: NetworkFilter, _ctx: CompileContext): NetworkFilterFactory {
  const config = message.typed_config;
  if (unpack(config, SniCluster) !== undefined) return sniCluster(message.name);
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

import { ConfigFault, within } from '../../match/config-fault.ts';
import { unpack } from '../../xds/message.ts';
import type { TransportSocket } from '../../xds/messages/core.ts';
import { DownstreamTlsContext, RawBuffer, UpstreamTlsContext } from '../../xds/messages/tls.ts';
import { rawClientTransport, rawServerTransport } from '../network/raw-transport.ts';
import type { ClientTransport, ServerTransport } from '../network/transport.ts';
import type { StatsScope } from '../stats/store.ts';
import { TlsClientTransport } from '../tls/client-transport.ts';
import { TlsServerTransport } from '../tls/server-transport.ts';
import { TlsStats } from '../tls/tls-stats.ts';
import type { CompileContext } from './compile-context.ts';
import { clientTlsOptions, serverTlsOptions } from './tls-context.ts';

/** The client side of a `transport_socket`; none is plain text. `scope`: the cluster's statistics. */
export function compileClientTransport(
  message: TransportSocket | undefined,
  ctx: CompileContext,
  scope: StatsScope,
): ClientTransport {
  const config = message?.typed_config;
  if (config === undefined || unpack(config, RawBuffer) !== undefined) return rawClientTransport;
  const tls = unpack(config, UpstreamTlsContext);
  if (tls === undefined) throw new ConfigFault('typed_config', `${config.type} is not supported here`);
  return within(
    'typed_config',
    () => new TlsClientTransport(clientTlsOptions(tls), statsOf(scope), ctx.log.scope('connection')),
  );
}

/** The server side of a `transport_socket`; none is plain text. `scope`: the listener's statistics. */
export function compileServerTransport(
  message: TransportSocket | undefined,
  ctx: CompileContext,
  scope: StatsScope,
): ServerTransport {
  const config = message?.typed_config;
  if (config === undefined || unpack(config, RawBuffer) !== undefined) return rawServerTransport;
  const tls = unpack(config, DownstreamTlsContext);
  if (tls === undefined) throw new ConfigFault('typed_config', `${config.type} is not supported here`);
  return within(
    'typed_config',
    () => new TlsServerTransport(serverTlsOptions(tls), statsOf(scope), ctx.log.scope('connection')),
  );
}

function statsOf(scope: StatsScope): TlsStats {
  return scope.attachment('tls', () => new TlsStats(scope));
}

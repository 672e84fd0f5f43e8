import { parseClientHello } from './client-hello.ts';
import type { ConnectionInfo } from './connection.ts';
import type { ListenerFilter, ListenerFilterFactory } from './listener-filter.ts';

/** envoy.filters.listener.tls_inspector: server name and ALPN from the ClientHello, without terminating anything. */
export function createTlsInspector(options: {
  readonly maxHelloBytes: number;
  readonly closeOnError: boolean;
}): ListenerFilterFactory {
  const filter: ListenerFilter = {
    maxBytes: options.maxHelloBytes,
    inspect(bytes: Buffer, info: ConnectionInfo) {
      const result = parseClientHello(bytes, options.maxHelloBytes);
      if (result === 'more') return 'more';
      if (result === 'not-tls') return 'done';
      if (result === 'malformed') return options.closeOnError ? new Error('malformed ClientHello') : 'done';
      info.transportProtocol = 'tls';
      info.requestedServerName = result.serverName;
      info.applicationProtocols = result.alpn;
      return 'done';
    },
  };
  return { name: 'envoy.filters.listener.tls_inspector', create: () => filter };
}

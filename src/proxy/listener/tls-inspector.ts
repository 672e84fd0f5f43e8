import { parseClientHello } from '../tls/client-hello.ts';
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
      const result = parseClientHello(bytes);
      if (result.kind === 'incomplete') return 'more';
      if (result.kind === 'not-tls') return 'done';
      if (result.kind === 'invalid')
        return options.closeOnError ? new Error('malformed ClientHello') : 'done';
      info.transportProtocol = 'tls';
      info.requestedServerName = result.sni;
      info.applicationProtocols = result.alpn;
      return 'done';
    },
  };
  return { name: 'envoy.filters.listener.tls_inspector', create: () => filter };
}

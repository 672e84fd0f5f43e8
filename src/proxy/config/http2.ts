import { ConfigFault } from '../../match/config-fault.ts';
import type { Http2ProtocolOptions } from '../../xds/messages/core.ts';
import { defaultHttp2Options, type Http2Options, type KeepaliveOptions } from '../http2/settings.ts';

/** Codec options from Envoy's Http2ProtocolOptions and the limits that stand elsewhere. */
export function http2Options(
  message: Http2ProtocolOptions | undefined,
  limits: { readonly maxHeadBytes: number; readonly maxFields: number; readonly bufferBytes: number },
): Http2Options {
  if (message?.allow_metadata) throw new ConfigFault('allow_metadata', 'METADATA frames are not supported');
  return {
    ...defaultHttp2Options,
    maxConcurrentStreams: message?.max_concurrent_streams ?? defaultHttp2Options.maxConcurrentStreams,
    initialStreamWindowBytes:
      message?.initial_stream_window_size ?? defaultHttp2Options.initialStreamWindowBytes,
    initialConnectionWindowBytes:
      message?.initial_connection_window_size ?? defaultHttp2Options.initialConnectionWindowBytes,
    maxHeaderBytes: limits.maxHeadBytes,
    maxHeaderFields: limits.maxFields,
    allowConnect: message?.allow_connect ?? false,
    headerTableBytes: message?.hpack_table_size ?? defaultHttp2Options.headerTableBytes,
    keepalive: keepalive(message?.connection_keepalive),
  };
}

function keepalive(message: Http2ProtocolOptions['connection_keepalive']): KeepaliveOptions | undefined {
  if (message?.interval === undefined) return undefined;
  return { intervalMs: message.interval, timeoutMs: message.timeout };
}

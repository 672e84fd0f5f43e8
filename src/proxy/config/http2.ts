import type { Http2ProtocolOptions } from '../../xds/messages/core.ts';
import { defaultHttp2Options, type Http2Options } from '../http2/settings.ts';

/** Codec options from Envoy's Http2ProtocolOptions and the limits that stand elsewhere. */
export function http2Options(
  message: Http2ProtocolOptions | undefined,
  limits: { readonly maxHeadBytes: number; readonly maxFields: number; readonly bufferBytes: number },
): Http2Options {
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
  };
}

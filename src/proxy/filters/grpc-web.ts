import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { DataResult, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import type { HeaderMap } from '../http/header-map.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';

/**
 * `envoy.filters.http.grpc_web`: lets browsers call gRPC services. The request becomes plain gRPC; the response's trailers come back as the last
 * frame of the body (flag 0x80). `application/grpc-web-text` is base64 both ways.
 */
export const grpcWeb: HttpFilterKind = {
  compile: (name) => ({
    name,
    create: (exchange) => (isGrpcWeb(exchange.request) ? new GrpcWebFilter() : undefined),
  }),
};

const types = new Set([
  'application/grpc-web',
  'application/grpc-web+proto',
  'application/grpc-web-text',
  'application/grpc-web-text+proto',
]);

function isGrpcWeb(head: RequestHead): boolean {
  const type = head.headers.get('content-type');
  return type !== undefined && types.has(type);
}

const noBytes = Buffer.alloc(0);

class GrpcWebFilter implements HttpFilter {
  #textRequest = false;
  #textResponse = false;
  #pending = '';
  #pendingOut = noBytes;
  #grpcResponse = false;

  onRequestHead(_exchange: HttpExchange, head: RequestHead): HeadStatus {
    const headers = head.headers;
    const type = headers.get('content-type') ?? '';
    this.#textRequest = type.includes('-text');
    const accept = headers.get('accept') ?? '';
    this.#textResponse = accept.includes('application/grpc-web-text');
    headers.remove('content-length');
    headers.set('content-type', 'application/grpc');
    headers.set('te', 'trailers');
    headers.set('grpc-accept-encoding', 'identity');
    return 'continue';
  }

  onRequestData(exchange: HttpExchange, chunk: Buffer, end: boolean): DataResult {
    if (!this.#textRequest) return chunk;
    const text = this.#pending + chunk.toString('latin1');
    const whole = end ? text.length : text.length - (text.length % 4);
    const part = text.slice(0, whole);
    this.#pending = text.slice(whole);
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(part) || (end && part.length % 4 !== 0)) {
      exchange.localReply({
        status: 400,
        body: 'Bad gRPC-web request, invalid base64 data.',
        details: 'grpc_base_64_decode_failed',
      });
      return noBytes;
    }
    return Buffer.from(part, 'base64');
  }

  onResponseHead(_exchange: HttpExchange, head: ResponseHead, end: boolean): HeadStatus {
    const type = head.headers.get('content-type') ?? '';
    this.#grpcResponse = type.startsWith('application/grpc');
    if (end || !this.#grpcResponse) return 'continue';
    head.headers.remove('content-length');
    head.headers.set(
      'content-type',
      this.#textResponse ? 'application/grpc-web-text+proto' : 'application/grpc-web+proto',
    );
    return 'continue';
  }

  onResponseData(_exchange: HttpExchange, chunk: Buffer, end: boolean): DataResult {
    if (!this.#grpcResponse) return chunk;
    return this.#encode(chunk, end);
  }

  onResponseTrailers(exchange: HttpExchange, trailers: HeaderMap): HeadStatus {
    if (!this.#grpcResponse) return 'continue';
    let text = '';
    for (let i = 0; i < trailers.fields.length; i += 2)
      text += `${trailers.fields[i]}:${trailers.fields[i + 1]}\r\n`;
    const body = Buffer.from(text, 'latin1');
    const frame = Buffer.alloc(5 + body.length);
    frame[0] = 0x80;
    frame.writeUInt32BE(body.length, 1);
    body.copy(frame, 5);
    exchange.endResponseWith(this.#encode(frame, true));
    return 'stop';
  }

  #encode(bytes: Buffer, end: boolean): Buffer {
    if (!this.#textResponse) return bytes;
    const all = this.#pendingOut.length === 0 ? bytes : Buffer.concat([this.#pendingOut, bytes]);
    const whole = end ? all.length : all.length - (all.length % 3);
    this.#pendingOut = Buffer.from(all.subarray(whole));
    return Buffer.from(all.subarray(0, whole).toString('base64'), 'latin1');
  }
}

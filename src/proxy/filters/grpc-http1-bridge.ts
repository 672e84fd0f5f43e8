import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { GrpcHttp1Bridge } from '../config/messages.ts';
import type { DataResult, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import { isGrpc } from '../http/grpc.ts';
import type { HeaderMap } from '../http/header-map.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';

/**
 * `envoy.filters.http.grpc_http1_bridge`: lets HTTP/1.1 clients that know no trailers make unary gRPC calls: the whole response is
 * gathered, its trailers become headers, and a gRPC error turns into 503. With `upgrade_protobuf_to_grpc`, `application/x-protobuf`
 * requests are framed and their answers unframed.
 */
export const grpcHttp1Bridge: HttpFilterKind = {
  compile(name, message) {
    const config = message as GrpcHttp1Bridge;
    return {
      name,
      create(exchange) {
        const protobuf =
          config.upgrade_protobuf_to_grpc &&
          exchange.request.headers.get('content-type') === 'application/x-protobuf';
        const bridged = exchange.request.httpVersion !== 20 && (isGrpc(exchange.request.headers) || protobuf);
        return bridged ? new BridgeFilter(protobuf, config.ignore_query_parameters) : undefined;
      },
    };
  },
};

class BridgeFilter implements HttpFilter {
  readonly #protobuf: boolean;
  readonly #dropQuery: boolean;
  #head: ResponseHead | undefined;
  #request: Buffer[] = [];
  #body: Buffer[] = [];

  constructor(protobuf: boolean, dropQuery: boolean) {
    this.#protobuf = protobuf;
    this.#dropQuery = dropQuery;
  }

  onRequestHead(_exchange: HttpExchange, head: RequestHead, end: boolean): HeadStatus {
    if (this.#dropQuery) head.path = head.path.split('?', 1)[0] ?? head.path;
    if (!this.#protobuf) return 'continue';
    head.headers.set('content-type', 'application/grpc');
    head.headers.set('te', 'trailers');
    head.headers.remove('content-length');
    return end ? 'continue' : 'stop';
  }

  onRequestData(_exchange: HttpExchange, chunk: Buffer, end: boolean): DataResult {
    if (!this.#protobuf) return chunk;
    this.#request.push(chunk);
    if (!end) return Buffer.alloc(0);
    const message = Buffer.concat(this.#request);
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    return Buffer.concat([frame, message]);
  }

  onResponseHead(_exchange: HttpExchange, head: ResponseHead, end: boolean): HeadStatus {
    this.#head = head;
    if (!end) return 'stop';
    this.#setStatus(head, head.headers);
    return 'continue';
  }

  onResponseData(_exchange: HttpExchange, chunk: Buffer, end: boolean): DataResult {
    this.#body.push(chunk);
    if (!end) return 'buffer';
    return chunk;
  }

  onResponseTrailers(exchange: HttpExchange, trailers: HeaderMap): HeadStatus {
    const head = this.#head;
    if (head === undefined) return 'continue';
    this.#setStatus(head, trailers);
    let body = Buffer.concat(this.#body);
    if (this.#protobuf) {
      head.headers.set('content-type', 'application/x-protobuf');
      body = body.subarray(Math.min(5, body.length));
    }
    head.headers.set('content-length', String(body.length));
    exchange.replaceHeldResponseData([]);
    exchange.continueResponse();
    exchange.endResponseWith(body);
    return 'stop';
  }

  #setStatus(head: ResponseHead, trailers: HeaderMap): void {
    const status = trailers.get('grpc-status');
    const text = trailers.get('grpc-message');
    if (status !== undefined) {
      head.headers.set('grpc-status', status);
      if (status !== '0') head.status = 503;
    }
    if (text !== undefined) head.headers.set('grpc-message', text);
  }
}

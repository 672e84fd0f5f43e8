import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { BufferConfig, BufferPerRoute } from '../config/messages.ts';
import type { DataResult, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import type { HeaderMap } from '../http/header-map.ts';
import type { RequestHead } from '../http/stream.ts';

/**
 * `envoy.filters.http.buffer`: lets a request go on only once its whole body is there, with a content-length; a body above the limit is
 * answered 413. Statistics: `http.<prefix>.buffer.rq_timeout` is Envoy's old name and stays 0.
 */
export const buffer: HttpFilterKind = {
  compile(name, config) {
    const own = (config as BufferConfig).max_request_bytes;
    return {
      name,
      create(exchange) {
        const limit = (exchange.routeConfig(name) as number | undefined) ?? own;
        return limit === 0 ? undefined : new BufferFilter(limit);
      },
    };
  },
  /** 0 switches the filter off. */
  compileRoute(config) {
    const { disabled, buffer: rule } = config as BufferPerRoute;
    return disabled ? 0 : rule?.max_request_bytes;
  },
};

class BufferFilter implements HttpFilter {
  readonly #limit: number;
  #head: RequestHead | undefined;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  onRequestHead(_exchange: HttpExchange, head: RequestHead, end: boolean): HeadStatus {
    if (end) return 'continue';
    this.#head = head;
    return 'stop';
  }

  onRequestData(exchange: HttpExchange, chunk: Buffer, end: boolean): DataResult {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limit) {
      exchange.localReply({ status: 413, body: 'Payload Too Large', details: 'request_payload_too_large' });
      return 'buffer';
    }
    if (!end) return 'buffer';
    this.#setLength();
    return chunk;
  }

  onRequestTrailers(_exchange: HttpExchange, _trailers: HeaderMap): HeadStatus {
    this.#setLength();
    return 'continue';
  }

  #setLength(): void {
    const headers = this.#head?.headers;
    if (headers !== undefined && !headers.has('content-length'))
      headers.set('content-length', String(this.#bytes));
    headers?.remove('transfer-encoding');
  }
}

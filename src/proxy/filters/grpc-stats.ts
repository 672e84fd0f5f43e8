import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { GrpcStats } from '../config/messages.ts';
import type { DataResult, FilterEnvironment, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import { isGrpc } from '../http/grpc.ts';
import type { HeaderMap } from '../http/header-map.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';

/**
 * `envoy.filters.http.grpc_stats`: counts gRPC calls and messages by cluster, and by service and method where configured:
 * `cluster.<name>.grpc.<service>.<method>.{<status>,success,failure,total,request_message_count,response_message_count}`.
 */
export const grpcStats: HttpFilterKind = {
  compile(name, message, env) {
    const config = message as GrpcStats;
    const allowed = new Set(
      config.individual_method_stats_allowlist?.services.flatMap((s) =>
        s.method_names.map((m) => `${s.name}/${m}`),
      ),
    );
    return {
      name,
      create(exchange) {
        if (!isGrpc(exchange.request.headers)) return undefined;
        const [service = '', method = ''] = exchange.request.path.split('?', 1)[0]?.slice(1).split('/') ?? [];
        const individual = config.stats_for_all_methods === true || allowed.has(`${service}/${method}`);
        const named = config.replace_dots_in_grpc_service_name ? service.replaceAll('.', '_') : service;
        return new GrpcStatsFilter(config, env, individual ? `${named}.${method}.` : '');
      },
    };
  },
};

class GrpcStatsFilter implements HttpFilter {
  readonly #config: GrpcStats;
  readonly #env: FilterEnvironment;
  readonly #method: string;
  readonly #requests = new MessageCounter();
  readonly #responses = new MessageCounter();
  #counted = false;
  #cluster = '';

  constructor(config: GrpcStats, env: FilterEnvironment, method: string) {
    this.#config = config;
    this.#env = env;
    this.#method = method;
  }

  onRequestHead(exchange: HttpExchange, _head: RequestHead): HeadStatus {
    this.#cluster = exchange.route()?.clusterName ?? '';
    return 'continue';
  }

  onRequestData(_exchange: HttpExchange, chunk: Buffer): DataResult {
    this.#requests.count(chunk);
    return chunk;
  }

  onResponseHead(_exchange: HttpExchange, head: ResponseHead, end: boolean): HeadStatus {
    if (end) this.#finish(head.headers);
    return 'continue';
  }

  onResponseData(_exchange: HttpExchange, chunk: Buffer): DataResult {
    this.#responses.count(chunk);
    return chunk;
  }

  onResponseTrailers(_exchange: HttpExchange, trailers: HeaderMap): HeadStatus {
    this.#finish(trailers);
    return 'continue';
  }

  #finish(fields: HeaderMap): void {
    if (this.#counted || this.#cluster === '') return;
    this.#counted = true;
    const status = fields.get('grpc-status') ?? '';
    if (status !== '') this.#add(status);
    this.#add(status === '0' ? 'success' : 'failure');
    this.#add('total');
  }

  onDestroy(exchange: HttpExchange): void {
    if (this.#cluster === '') return;
    this.#add('request_message_count', this.#requests.messages);
    this.#add('response_message_count', this.#responses.messages);
    if (!this.#config.emit_filter_state) return;
    const counts = {
      request_message_count: this.#requests.messages,
      response_message_count: this.#responses.messages,
    };
    exchange.info.setFilterState('envoy.filters.http.grpc_stats', counts);
  }

  #add(name: string, amount = 1): void {
    this.#env.stats.counter(`cluster.${this.#cluster}.grpc.${this.#method}${name}`).value += amount;
  }
}

/** Counts the length-prefixed messages in a stream of chunks. */
class MessageCounter {
  messages = 0;
  #headLeft = 5;
  #length = 0;
  #bodyLeft = 0;

  count(chunk: Buffer): void {
    for (let i = 0; i < chunk.length; ) {
      if (this.#bodyLeft > 0) {
        const taken = Math.min(this.#bodyLeft, chunk.length - i);
        this.#bodyLeft -= taken;
        i += taken;
        continue;
      }
      if (this.#headLeft < 5) this.#length = this.#length * 256 + (chunk[i] as number);
      i++;
      if (--this.#headLeft > 0) continue;
      this.messages++;
      this.#bodyLeft = this.#length;
      this.#length = 0;
      this.#headLeft = 5;
    }
  }
}

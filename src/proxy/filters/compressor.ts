import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import {
  BrotliCompressor,
  type Compressor,
  type CompressorPerRoute,
  GzipCompressor,
  type TypedConfig,
  unpack,
  ZstdCompressor,
} from '../config/messages.ts';
import type { DataResult, FilterEnvironment, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import type { HeaderMap } from '../http/header-map.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';
import { chooseEncoding } from './accept-encoding.ts';
import { type Transform, TransformPipe } from './transform-pipe.ts';

/**
 * `envoy.filters.http.compressor`: compresses responses (and requests, where configured) with gzip, brotli or zstd. Small, already encoded, uncompressible
 * and `no-transform` answers stay as they are. Statistics: `http.<prefix>.compressor.<library>.<encoding>.{compressed,not_compressed,…}`.
 */
export const compressor: HttpFilterKind = {
  compile(name, message, env) {
    const rules = compileRules(message as Compressor, env);
    return {
      name,
      create(exchange) {
        const override = exchange.routeConfig(name) as RouteRules | undefined;
        return override?.disabled ? undefined : new CompressorFilter(rules, override);
      },
    };
  },
  compileRoute(config): RouteRules {
    const { disabled, overrides } = config as CompressorPerRoute;
    return {
      disabled: disabled === true,
      removeAcceptEncoding: overrides?.response_direction_config?.remove_accept_encoding_header,
    };
  },
};

interface RouteRules {
  readonly disabled: boolean;
  readonly removeAcceptEncoding: boolean | undefined;
}

interface Rules {
  readonly encoding: 'gzip' | 'br' | 'zstd';
  readonly make: () => Transform;
  readonly minLength: number;
  readonly types: ReadonlySet<string>;
  readonly request: boolean;
  readonly response: boolean;
  readonly requestMinLength: number;
  readonly requestTypes: ReadonlySet<string>;
  readonly disableOnEtag: boolean;
  readonly removeAcceptEncoding: boolean;
  readonly uncompressible: ReadonlySet<number>;
  readonly stats: Record<
    'compressed' | 'notCompressed' | 'noAccept' | 'etag' | 'short' | 'bytesIn' | 'bytesOut',
    { value: number }
  >;
}

const defaultTypes = [
  'application/javascript',
  'application/json',
  'application/xhtml+xml',
  'image/svg+xml',
  'text/css',
  'text/html',
  'text/plain',
  'text/xml',
];

function compileRules(config: Compressor, env: FilterEnvironment): Rules {
  const { encoding, make } = library(config.compressor_library.typed_config);
  const response = config.response_direction_config;
  const request = config.request_direction_config;
  const common = response?.common_config;
  const enabled = (flag: { readonly default_value: boolean; readonly runtime_key: string } | undefined) => {
    if (flag === undefined) return true;
    const override = flag.runtime_key === '' ? undefined : env.runtime(flag.runtime_key);
    return typeof override === 'boolean' ? override : flag.default_value;
  };
  const types = (list: readonly string[] | undefined) =>
    new Set(list === undefined || list.length === 0 ? defaultTypes : list);
  const at = `${env.statPrefix}compressor.${config.compressor_library.name}.${encoding === 'br' ? 'brotli' : encoding}.`;
  const stat = (tail: string) =>
    env.stats.counter(`${at}${response === undefined ? '' : 'response.'}${tail}`);
  return {
    encoding,
    make,
    minLength: common?.min_content_length ?? config.content_length ?? 30,
    types: types(common?.content_type ?? config.content_type),
    request:
      request !== undefined &&
      enabled(request.common_config?.enabled ?? { default_value: false, runtime_key: '' }),
    response: enabled(common?.enabled ?? config.runtime_enabled),
    requestMinLength: request?.common_config?.min_content_length ?? 30,
    requestTypes: types(request?.common_config?.content_type),
    disableOnEtag: response?.disable_on_etag_header ?? config.disable_on_etag_header,
    removeAcceptEncoding: response?.remove_accept_encoding_header ?? config.remove_accept_encoding_header,
    uncompressible: new Set(response?.uncompressible_response_codes),
    stats: {
      compressed: stat('compressed'),
      notCompressed: stat('not_compressed'),
      noAccept: stat('no_accept_header'),
      etag: stat('not_compressed_etag'),
      short: stat('content_length_too_small'),
      bytesIn: stat('total_uncompressed_bytes'),
      bytesOut: stat('total_compressed_bytes'),
    },
  };
}

const gzipLevels: Record<string, number> = { DEFAULT_COMPRESSION: -1, BEST_SPEED: 1, BEST_COMPRESSION: 9 };

function library(config: TypedConfig): { encoding: Rules['encoding']; make: () => Transform } {
  const gzip = unpack(config, GzipCompressor);
  if (gzip !== undefined) {
    const level = gzipLevels[gzip.compression_level] ?? Number(gzip.compression_level.slice(-1));
    const options = {
      level,
      memLevel: gzip.memory_level,
      windowBits: gzip.window_bits,
      chunkSize: gzip.chunk_size,
    };
    return { encoding: 'gzip', make: () => createGzip(options) };
  }
  const brotli = unpack(config, BrotliCompressor);
  if (brotli !== undefined) {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: brotli.quality,
      [constants.BROTLI_PARAM_LGWIN]: brotli.window_bits,
      [constants.BROTLI_PARAM_LGBLOCK]: brotli.input_block_bits,
    };
    return { encoding: 'br', make: () => createBrotliCompress({ params, chunkSize: brotli.chunk_size }) };
  }
  const zstd = unpack(config, ZstdCompressor);
  if (zstd === undefined) throw new Error(`compressor library ${config.type} is not supported`);
  const params = {
    [constants.ZSTD_c_compressionLevel]: zstd.compression_level,
    [constants.ZSTD_c_checksumFlag]: zstd.enable_checksum ? 1 : 0,
  };
  return { encoding: 'zstd', make: () => createZstdCompress({ params, chunkSize: zstd.chunk_size }) };
}

class CompressorFilter implements HttpFilter {
  readonly #rules: Rules;
  readonly #route: RouteRules | undefined;
  #accept: string | undefined;
  #upgrade = false;
  #requestPipe: TransformPipe | undefined;
  #responsePipe: TransformPipe | undefined;

  constructor(rules: Rules, route: RouteRules | undefined) {
    this.#rules = rules;
    this.#route = route;
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead, end: boolean): HeadStatus {
    const rules = this.#rules;
    this.#accept = head.headers.getJoined('accept-encoding');
    this.#upgrade = head.protocol !== undefined || head.method === 'CONNECT';
    if (this.#route?.removeAcceptEncoding ?? rules.removeAcceptEncoding)
      head.headers.remove('accept-encoding');
    if (
      !rules.request ||
      end ||
      this.#upgrade ||
      !compressible(head.headers, rules.requestTypes, rules.requestMinLength)
    )
      return 'continue';
    head.headers.remove('content-length');
    head.headers.set('content-encoding', rules.encoding);
    this.#requestPipe = new TransformPipe(rules.make(), 'request', exchange, Number.POSITIVE_INFINITY);
    return 'continue';
  }

  onRequestData(_exchange: HttpExchange, chunk: Buffer, end: boolean): DataResult {
    return this.#requestPipe === undefined ? chunk : this.#requestPipe.write(chunk, end);
  }

  onResponseHead(exchange: HttpExchange, head: ResponseHead, end: boolean): HeadStatus {
    const rules = this.#rules;
    if (!rules.response || this.#upgrade || !this.#couldCompress(head)) {
      if (!end && rules.response) rules.stats.notCompressed.value++;
      return 'continue';
    }
    const headers = head.headers;
    const vary = headers.getJoined('vary');
    if (vary === undefined) headers.set('vary', 'Accept-Encoding');
    else if (!/accept-encoding/i.test(vary)) headers.set('vary', `${vary}, Accept-Encoding`);
    if (end || !this.#accepted()) {
      if (!end) rules.stats.notCompressed.value++;
      return 'continue';
    }
    const etag = headers.get('etag');
    if (etag !== undefined && !etag.startsWith('W/')) headers.set('etag', `W/${etag}`);
    headers.remove('content-length');
    headers.set('content-encoding', rules.encoding);
    rules.stats.compressed.value++;
    this.#responsePipe = new TransformPipe(rules.make(), 'response', exchange, Number.POSITIVE_INFINITY);
    return 'continue';
  }

  /** Whether the client takes our encoding. */
  #accepted(): boolean {
    const rules = this.#rules;
    if (this.#accept === undefined) {
      rules.stats.noAccept.value++;
      return false;
    }
    return chooseEncoding(this.#accept, rules.encoding) === rules.encoding;
  }

  /** Whether the answer is of a kind that is compressed for clients that want it; it then varies by accept-encoding. */
  #couldCompress(head: ResponseHead): boolean {
    const rules = this.#rules;
    const { status, headers } = head;
    if (
      rules.uncompressible.has(status) ||
      status === 206 ||
      status < 200 ||
      status === 204 ||
      status === 304
    )
      return false;
    if (rules.disableOnEtag && headers.has('etag')) {
      rules.stats.etag.value++;
      return false;
    }
    if (Number(headers.get('content-length') ?? rules.minLength) < rules.minLength) {
      rules.stats.short.value++;
      return false;
    }
    return compressible(headers, rules.types, rules.minLength);
  }

  onResponseData(_exchange: HttpExchange, chunk: Buffer, end: boolean): DataResult {
    if (this.#responsePipe === undefined) return chunk;
    this.#rules.stats.bytesIn.value += chunk.length;
    return this.#responsePipe.write(chunk, end);
  }

  onResponseTrailers(): HeadStatus {
    return this.#responsePipe === undefined ? 'continue' : this.#responsePipe.finish();
  }

  onRequestTrailers(): HeadStatus {
    return this.#requestPipe === undefined ? 'continue' : this.#requestPipe.finish();
  }

  onDestroy(): void {
    if (this.#responsePipe !== undefined) this.#rules.stats.bytesOut.value += this.#responsePipe.bytesOut;
    this.#requestPipe?.destroy();
    this.#responsePipe?.destroy();
  }
}

function compressible(headers: HeaderMap, types: ReadonlySet<string>, minLength: number): boolean {
  const length = headers.get('content-length');
  if (length !== undefined && Number(length) < minLength) return false;
  if (headers.has('content-encoding')) return false;
  if (/no-transform/i.test(headers.getJoined('cache-control') ?? '')) return false;
  const transfer = headers.getJoined('transfer-encoding');
  if (transfer !== undefined && /gzip|deflate/i.test(transfer)) return false;
  const type = headers.get('content-type');
  return type === undefined || types.has(type.split(';', 1)[0]?.trim().toLowerCase() ?? '');
}

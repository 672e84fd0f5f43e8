import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import {
  BrotliDecompressor,
  type Decompressor,
  GzipDecompressor,
  type TypedConfig,
  unpack,
  ZstdDecompressor,
} from '../config/messages.ts';
import type { DataResult, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import type { HeaderMap } from '../http/header-map.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';
import { type Transform, TransformPipe } from './transform-pipe.ts';

/**
 * `envoy.filters.http.decompressor`: takes the matching content-encoding off requests and responses. Output beyond the ratio limit (100 to 1 by
 * default, above 1 MiB) ends the exchange.
 */
export const decompressor: HttpFilterKind = {
  compile(name, message) {
    const config = message as Decompressor;
    const library = compileLibrary(config.decompressor_library.typed_config);
    return { name, create: () => new DecompressorFilter(config, library) };
  },
};

interface Library {
  readonly encoding: string;
  readonly maxRatio: number;
  readonly make: () => Transform;
}

const defaultRatio = 100;

function compileLibrary(config: TypedConfig): Library {
  const gzip = unpack(config, GzipDecompressor);
  if (gzip !== undefined) {
    const options = { windowBits: gzip.window_bits, chunkSize: gzip.chunk_size };
    return { encoding: 'gzip', maxRatio: gzip.max_inflate_ratio, make: () => createGunzip(options) };
  }
  const brotli = unpack(config, BrotliDecompressor);
  if (brotli !== undefined)
    return {
      encoding: 'br',
      maxRatio: defaultRatio,
      make: () => createBrotliDecompress({ chunkSize: brotli.chunk_size }),
    };
  const zstd = unpack(config, ZstdDecompressor);
  if (zstd === undefined) throw new Error(`decompressor library ${config.type} is not supported`);
  return {
    encoding: 'zstd',
    maxRatio: defaultRatio,
    make: () => createZstdDecompress({ chunkSize: zstd.chunk_size }),
  };
}

class DecompressorFilter implements HttpFilter {
  readonly #config: Decompressor;
  readonly #library: Library;
  #request: TransformPipe | undefined;
  #response: TransformPipe | undefined;

  constructor(config: Decompressor, library: Library) {
    this.#config = config;
    this.#library = library;
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead, end: boolean): HeadStatus {
    const direction = this.#config.request_direction_config;
    if (direction?.advertise_accept_encoding ?? true) advertise(head.headers, this.#library.encoding);
    const common = direction?.common_config;
    if (end || common?.enabled?.default_value === false) return 'continue';
    if (!this.#strip(head.headers, common?.ignore_no_transform_header ?? false)) return 'continue';
    this.#request = new TransformPipe(this.#library.make(), 'request', exchange, this.#library.maxRatio);
    return 'continue';
  }

  onResponseHead(exchange: HttpExchange, head: ResponseHead, end: boolean): HeadStatus {
    const common = this.#config.response_direction_config?.common_config;
    if (end || common?.enabled?.default_value === false) return 'continue';
    if (!this.#strip(head.headers, common?.ignore_no_transform_header ?? false)) return 'continue';
    this.#response = new TransformPipe(this.#library.make(), 'response', exchange, this.#library.maxRatio);
    return 'continue';
  }

  /** Takes the encoding off the headers; false when it is not ours to take. */
  #strip(headers: HeaderMap, ignoreNoTransform: boolean): boolean {
    const encodings = headers.getJoined('content-encoding');
    if (encodings === undefined) return false;
    if (!ignoreNoTransform && /no-transform/i.test(headers.getJoined('cache-control') ?? '')) return false;
    const list = encodings.split(',').map((e) => e.trim().toLowerCase());
    if (list.at(-1) !== this.#library.encoding) return false;
    list.pop();
    if (list.length === 0) headers.remove('content-encoding');
    else headers.set('content-encoding', list.join(','));
    headers.remove('content-length');
    return true;
  }

  onRequestData(_exchange: HttpExchange, chunk: Buffer, end: boolean): DataResult {
    return this.#request === undefined ? chunk : this.#request.write(chunk, end);
  }

  onResponseData(_exchange: HttpExchange, chunk: Buffer, end: boolean): DataResult {
    return this.#response === undefined ? chunk : this.#response.write(chunk, end);
  }

  onRequestTrailers(): HeadStatus {
    return this.#request === undefined ? 'continue' : this.#request.finish();
  }

  onResponseTrailers(): HeadStatus {
    return this.#response === undefined ? 'continue' : this.#response.finish();
  }

  onDestroy(): void {
    this.#request?.destroy();
    this.#response?.destroy();
  }
}

function advertise(headers: HeaderMap, encoding: string): void {
  const accept = headers.getJoined('accept-encoding');
  if (accept === undefined) headers.set('accept-encoding', encoding);
  else if (!accept.split(',').some((part) => part.split(';', 1)[0]?.trim().toLowerCase() === encoding))
    headers.set('accept-encoding', `${accept},${encoding}`);
}

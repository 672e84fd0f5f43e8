import { FakeClock } from '../../../base/testing/fake-clock.ts';
import { decode } from '../../../xds/decode.ts';
import type { Message } from '../../../xds/schema.ts';
import type { HttpFilterKind } from '../../config/http-filter-kind.ts';
import type {
  CallResponse,
  DataResult,
  FilterEnvironment,
  HttpExchange,
  HttpFilter,
  LocalReply,
} from '../../http/filter.ts';
import { HeaderMap } from '../../http/header-map.ts';
import type { RequestHead, ResponseHead } from '../../http/stream.ts';
import { StreamInfo } from '../../http/stream-info.ts';
import { Address } from '../../network/address.ts';
import type { DownstreamInfo } from '../../network/downstream.ts';

type Calls = FilterEnvironment['calls']['send'];

/** What filters get at compile time, with a clock and a chance that stand still. */
export class FakeFilterEnvironment implements FilterEnvironment {
  readonly statPrefix = 'http.test.';
  readonly clock = new FakeClock();
  readonly counters = new Map<string, { value: number }>();
  chance = 0;
  warnings: string[] = [];
  send: Calls = () => Promise.reject(new Error('no cluster'));
  readonly log = { warn: (message: string) => void this.warnings.push(message) };
  readonly calls = { send: (...args: Parameters<Calls>) => this.send(...args) };

  readonly stats = {
    counter: (name: string) => this.#stat(name),
    gauge: (name: string) => this.#stat(name),
    histogram: () => ({ record() {} }),
  };

  #stat(name: string): { value: number } {
    let found = this.counters.get(name);
    if (found === undefined) {
      found = { value: 0 };
      this.counters.set(name, found);
    }
    return found;
  }

  count(name: string): number {
    return this.counters.get(name)?.value ?? 0;
  }

  random(): number {
    return this.chance;
  }

  after(ms: number, fn: () => void): { cancel(): void } {
    return this.clock.after(ms, fn);
  }

  runtime(): undefined {
    return undefined;
  }
}

/** A response as `calls.send` gives it. */
export function callResponse(
  status: number,
  headers: string[] = [],
  body: string | Buffer = '',
  trailers?: string[],
): CallResponse {
  return {
    status,
    headers: new HeaderMap(headers),
    body: Buffer.from(body as string),
    trailers: trailers === undefined ? undefined : new HeaderMap(trailers),
  };
}

/** Decodes a filter's configuration; throws with its faults. */
export function configOf<T>(message: Message<T>, json: object): T {
  const { value, issues } = decode(message, json);
  if (value === undefined) throw new Error(JSON.stringify(issues));
  return value;
}

interface RequestGiven {
  readonly method?: string;
  readonly path?: string;
  readonly authority?: string;
  readonly headers?: readonly string[];
  readonly httpVersion?: 11 | 20;
}

/** Runs one filter over one request and remembers what it did. */
export class FilterRun {
  readonly request: RequestHead;
  readonly info: StreamInfo;
  readonly filter: HttpFilter | undefined;
  reply: LocalReply | undefined;
  continued = 0;
  responseContinued = 0;
  held: Buffer[] = [];
  over = false;
  routeCacheCleared = 0;
  endedWith: Buffer | undefined;
  readonly #exchange: HttpExchange;

  constructor(
    kind: HttpFilterKind,
    config: unknown,
    env: FilterEnvironment,
    given: RequestGiven = {},
    routeConfigs: readonly unknown[] = [],
  ) {
    this.request = {
      method: given.method ?? 'GET',
      scheme: 'http',
      authority: given.authority ?? 'host.test',
      path: given.path ?? '/',
      headers: new HeaderMap([...(given.headers ?? [])]),
      httpVersion: given.httpVersion ?? 11,
    };
    this.info = new StreamInfo(downstream(), 0, 0);
    this.#exchange = this.#makeExchange(routeConfigs);
    this.filter = kind.compile('filter', config, env).create(this.#exchange);
  }

  #makeExchange(routeConfigs: readonly unknown[]): HttpExchange {
    const run = this;
    return {
      request: this.request,
      response: undefined,
      info: this.info,
      route: () => undefined,
      clearRouteCache: () => void this.routeCacheCleared++,
      routeConfig: () => routeConfigs.at(-1),
      routeConfigs: () => routeConfigs,
      continueRequest: () => void this.continued++,
      continueResponse: () => void this.responseContinued++,
      get heldRequestData() {
        return run.held;
      },
      get heldResponseData() {
        return run.held;
      },
      replaceHeldRequestData: (chunks) => {
        this.held = chunks;
      },
      replaceHeldResponseData: (chunks) => {
        this.held = chunks;
      },
      addRequestTrailers() {},
      addResponseTrailers() {},
      endResponseWith: (chunk) => {
        this.endedWith = chunk;
      },
      localReply: (reply) => {
        this.reply = reply;
      },
      get over() {
        return run.over;
      },
    };
  }

  head(end = true): string {
    return this.filter?.onRequestHead?.(this.#exchange, this.request, end) ?? 'continue';
  }

  data(text: string, end: boolean): DataResult {
    const chunk = Buffer.from(text);
    return this.filter?.onRequestData?.(this.#exchange, chunk, end) ?? chunk;
  }

  response(status: number, headers: string[] = [], end = true): ResponseHead {
    const head = { status, headers: new HeaderMap(headers) };
    this.filter?.onResponseHead?.(this.#exchange, head, end);
    return head;
  }

  responseData(chunk: Buffer, end: boolean): DataResult {
    return this.filter?.onResponseData?.(this.#exchange, chunk, end) ?? chunk;
  }

  responseTrailers(fields: string[]): string {
    return this.filter?.onResponseTrailers?.(this.#exchange, new HeaderMap(fields)) ?? 'continue';
  }

  /** Status of the local reply, 0 for none. */
  get replyStatus(): number {
    return this.reply?.status ?? 0;
  }

  destroy(): void {
    this.over = true;
    this.filter?.onDestroy?.(this.#exchange);
  }
}

function downstream(): DownstreamInfo {
  const remote = Address.ip('10.0.0.1', 1234);
  return {
    id: 1,
    remote,
    directRemote: remote,
    local: Address.ip('10.0.0.2', 80),
    tls: undefined,
    requestedServerName: '',
    applicationProtocols: [],
    transportProtocol: 'raw_buffer',
    startTime: 0,
    metadata: new Map(),
    filterState: new Map(),
    proxyTlvs: undefined,
  };
}

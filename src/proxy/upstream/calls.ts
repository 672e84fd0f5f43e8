import type { CallOptions, CallResponse, UpstreamCalls } from '../http/filter.ts';
import { HeaderMap } from '../http/header-map.ts';
import type { ClientStream, RequestHead, ResetReason, ResponseHead } from '../http/stream.ts';
import { inTurn } from '../network/event-loop.ts';
import { after } from '../network/timer.ts';
import { noTransportOptions } from '../network/transport.ts';
import type { Cluster } from './cluster.ts';
import type { ClusterRegistry } from './cluster-registry.ts';
import type { Host } from './host.ts';
import type { LoadBalancerContext } from './load-balancer.ts';
import type { Pool, StreamWaiter } from './pool.ts';

/** Requests of the proxy itself through its clusters. */
export function createUpstreamCalls(clusters: ClusterRegistry): UpstreamCalls {
  return { send: (cluster, head, body, options) => callCluster(clusters, cluster, head, body, options) };
}

export function callCluster(
  clusters: ClusterRegistry,
  name: string,
  head: RequestHead,
  body: Buffer | undefined,
  options: CallOptions,
): Promise<CallResponse> {
  return new Promise((resolve, reject) => {
    inTurn(() => {
      const cluster = clusters.get(name);
      if (cluster === undefined) return reject(new Error(`no cluster "${name}"`));
      const host = cluster.choose(callContext(head, options.hash));
      if (host === undefined) return reject(new Error(`no healthy host in cluster "${name}"`));
      new Call(cluster, host, head, body, options, resolve, reject).begin();
    });
  });
}

function callContext(head: RequestHead, hash: bigint | undefined): LoadBalancerContext {
  return {
    hash,
    metadataMatch: undefined,
    overrideHost: undefined,
    overrideHostStrict: false,
    downstream: undefined,
    head,
    attempted: [],
    shouldReselect: () => false,
    maxReselections: 0,
    priorityLoad: undefined,
  };
}

class Call implements StreamWaiter {
  readonly #cluster: Cluster;
  readonly #host: Host;
  readonly #head: RequestHead;
  readonly #body: Buffer | undefined;
  readonly #options: CallOptions;
  readonly #resolve: (response: CallResponse) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #response: ResponseHead | undefined = undefined;
  #stream: ClientStream | undefined = undefined;
  #pool: Pool | undefined = undefined;
  #timer: { cancel(): void } | undefined = undefined;
  #done = false;

  constructor(
    cluster: Cluster,
    host: Host,
    head: RequestHead,
    body: Buffer | undefined,
    options: CallOptions,
    resolve: (response: CallResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.#cluster = cluster;
    this.#host = host;
    this.#head = head;
    this.#body = body;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    this.#cluster.stats.rqTotal++;
    this.#host.stats.rqTotal++;
    this.#timer = after(this.#options.timeoutMs, () => this.#fail('timeout'));
    const signal = this.#options.signal;
    if (signal?.aborted) return this.#fail('aborted');
    signal?.addEventListener('abort', () => inTurn(() => this.#fail('aborted')), { once: true });
    const http2 =
      this.#cluster.config.protocol === 'http2' ||
      (this.#cluster.config.protocol === 'downstream' && this.#head.httpVersion === 20);
    this.#pool = this.#cluster.open(this.#host, 0, http2, noTransportOptions, this);
  }

  onStreamReady(stream: ClientStream): void {
    if (this.#done) return stream.reset('local-reset');
    this.#stream = stream;
    stream.request(this.#head, this.#body === undefined);
    if (this.#body !== undefined) stream.data(this.#body, true);
  }

  onPoolFailure(reason: string, detail: string): void {
    this.#fail(`${reason}: ${detail}`);
  }

  onInformational(): void {}

  onResponse(head: ResponseHead, end: boolean): void {
    this.#response = head;
    this.#cluster.stats.countStatus(head.status);
    if (end) this.#finish(undefined);
  }

  onData(chunk: Buffer, end: boolean): void {
    this.#bytes += chunk.length;
    if (this.#bytes > (this.#options.maxResponseBytes ?? 1 << 20)) return this.#fail('response too large');
    this.#chunks.push(chunk);
    if (end) this.#finish(undefined);
  }

  onTrailers(trailers: HeaderMap): void {
    this.#finish(trailers);
  }

  onReset(reason: ResetReason): void {
    this.#fail(`reset: ${reason}`);
  }

  onDrain(): void {}

  #finish(trailers: HeaderMap | undefined): void {
    if (this.#done) return;
    this.#done = true;
    this.#timer?.cancel();
    const head = this.#response as ResponseHead;
    this.#resolve({
      status: head.status,
      headers: head.headers ?? new HeaderMap(),
      body: Buffer.concat(this.#chunks),
      trailers,
    });
  }

  #fail(reason: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#timer?.cancel();
    if (this.#stream !== undefined) this.#stream.reset('local-reset');
    else this.#pool?.cancel(this);
    this.#reject(new Error(reason));
  }
}

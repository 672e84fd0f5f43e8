import type { Socket } from 'node:net';
import { HeaderMap } from '../http/header-map.ts';
import type { ClientCodec, ClientStreamHandler, RequestHead } from '../http/stream.ts';
import { Http1ClientCodec } from '../http1/client-codec.ts';
import { enter, inTurn, leave, now } from '../network/event-loop.ts';
import { SocketIo } from '../network/socket-io.ts';
import { noTransportOptions } from '../network/transport.ts';
import type { Cluster } from './cluster.ts';
import { dial } from './dial.ts';
import type { Host } from './host.ts';
import type { HealthCheckEnvironment } from './load-balancer.ts';

type After = (ms: number, fn: () => void) => { cancel(): void };
type CheckResponse = Awaited<ReturnType<HealthCheckEnvironment['request']>>;

/** What health checks and outlier detection get of a cluster. Checks use connections of their own, never the request pools. */
export function healthCheckEnvironment(
  cluster: Cluster,
  after: After,
  random: () => number,
): HealthCheckEnvironment {
  const connect: HealthCheckEnvironment['connect'] = (host, options, ready) => {
    const socket = dial(cluster.config, host.healthCheckAddress ?? host.address, false);
    let told = false;
    const tell = (error: Error | undefined, stream: Socket | undefined) => {
      if (told) return;
      told = true;
      timer.cancel();
      if (error !== undefined) socket.destroy();
      inTurn(() => ready(error, stream));
    };
    const timer = after(options.timeoutMs, () => tell(new Error('timeout'), undefined));
    socket.once('error', (error) => tell(error, undefined));
    cluster.transportFor(host).connect(socket, { ...noTransportOptions, alpn: options.alpn }, tell);
  };
  return {
    clusterName: cluster.name,
    hosts: cluster.hosts,
    clock: { now: () => Date.now(), monotonic: now },
    after,
    random,
    stats: cluster.scope,
    connect,
    request: (host, head, body, options) => checkRequest(cluster, connect, after, host, head, body, options),
    log: { info() {} },
  };
}

function checkRequest(
  cluster: Cluster,
  connect: HealthCheckEnvironment['connect'],
  after: After,
  host: Host,
  head: RequestHead,
  body: Buffer | undefined,
  options: { readonly timeoutMs: number; readonly http2: boolean },
): Promise<CheckResponse> {
  return new Promise((resolve, reject) => {
    let socket: Socket | undefined;
    const timer = after(options.timeoutMs, () => fail('timeout'));
    const fail = (reason: string) => {
      timer.cancel();
      socket?.destroy();
      reject(new Error(reason));
    };
    connect(
      host,
      { alpn: options.http2 ? ['h2'] : undefined, timeoutMs: options.timeoutMs },
      (error, stream) => {
        if (error !== undefined || stream === undefined) return fail(error?.message ?? 'connect failed');
        socket = stream;
        const collector = new ResponseCollector((response) => {
          timer.cancel();
          stream.destroy();
          resolve(response);
        }, fail);
        send(cluster, stream, head, body, options.http2, collector);
      },
    );
  });
}

function send(
  cluster: Cluster,
  stream: Socket,
  head: RequestHead,
  body: Buffer | undefined,
  http2: boolean,
  collector: ResponseCollector,
): void {
  const io = new SocketIo(stream, 1 << 20, () => codec.onWritable());
  const events = { onCapacity() {}, onConnectionError: (detail: string) => collector.fail(detail) };
  const codec: ClientCodec = http2
    ? cluster.config.createHttp2(io, events)
    : new Http1ClientCodec(io, cluster.config.http1, events);
  stream.on('data', (chunk: Buffer) => {
    enter();
    codec.receive(chunk);
    leave();
  });
  stream.on('end', () => inTurn(() => codec.receiveEnd()));
  stream.on('error', () => {});
  stream.on('close', () => inTurn(() => codec.close('connection-termination')));
  const request = codec.newStream(collector);
  if (request === undefined) return collector.fail('no stream');
  request.request(head, body === undefined);
  if (body !== undefined) request.data(body, true);
}

class ResponseCollector implements ClientStreamHandler {
  readonly #done: (response: CheckResponse) => void;
  readonly fail: (reason: string) => void;
  #status = 0;
  #headers = new HeaderMap();
  #body: Buffer[] = [];
  #bytes = 0;

  constructor(done: (response: CheckResponse) => void, fail: (reason: string) => void) {
    this.#done = done;
    this.fail = fail;
  }

  onInformational(): void {}

  onResponse(head: { status: number; headers: HeaderMap }, end: boolean): void {
    this.#status = head.status;
    this.#headers = head.headers;
    if (end) this.#finish(new HeaderMap());
  }

  onData(chunk: Buffer, end: boolean): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= 65_536) this.#body.push(chunk);
    if (end) this.#finish(new HeaderMap());
  }

  onTrailers(trailers: HeaderMap): void {
    this.#finish(trailers);
  }

  onReset(reason: string): void {
    this.fail(reason);
  }

  onDrain(): void {}

  #finish(trailers: HeaderMap): void {
    this.#done({
      status: this.#status,
      headers: this.#headers.fields,
      trailers: trailers.fields,
      body: Buffer.concat(this.#body),
      closed: true,
    });
  }
}

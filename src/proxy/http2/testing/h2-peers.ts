import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { HeaderMap } from '../../http/header-map.ts';
import type {
  ClientStreamHandler,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerStream,
  ServerStreamHandler,
} from '../../http/stream.ts';
import { enter, leave } from '../../network/event-loop.ts';
import { SocketIo } from '../../network/socket-io.ts';
import { Http2ClientCodec } from '../client-codec.ts';
import { Http2ServerCodec } from '../server-codec.ts';
import { defaultHttp2Options, type Http2Options } from '../settings.ts';

/** A request as a test server got it, with the stream to answer on. */
export class Exchange implements ServerStreamHandler {
  readonly stream: ServerStream;
  readonly #onRequest: (exchange: Exchange) => void;
  head!: RequestHead;
  body = '';
  bodyBytes = 0;
  ended = false;
  trailers: HeaderMap | undefined;
  resets: ResetReason[] = [];
  drains = 0;
  onEnd: () => void = () => {};
  onChunk: (chunk: Buffer) => void = () => {};
  drained: () => void = () => {};

  constructor(stream: ServerStream, onRequest: (exchange: Exchange) => void) {
    this.stream = stream;
    this.#onRequest = onRequest;
  }

  onRequest(head: RequestHead, end: boolean): void {
    this.head = head;
    this.ended = end;
    this.#onRequest(this);
    if (end) this.onEnd();
  }

  onData(chunk: Buffer, end: boolean): void {
    this.bodyBytes += chunk.length;
    if (this.bodyBytes < 100_000) this.body += chunk.toString('latin1');
    this.onChunk(chunk);
    if (end) this.#finish();
  }

  onTrailers(trailers: HeaderMap): void {
    this.trailers = trailers;
    this.#finish();
  }

  #finish(): void {
    this.ended = true;
    this.onEnd();
  }

  onReset(reason: ResetReason): void {
    this.resets.push(reason);
  }

  onDrain(): void {
    this.drains++;
    this.drained();
  }
}

/** Answers 200 with what it was told, once the request is complete. */
export function echo(exchange: Exchange): void {
  exchange.onEnd = () => {
    const headers = new HeaderMap(['content-type', 'text/plain']);
    exchange.stream.respond({ status: 200, headers }, false);
    exchange.stream.data(Buffer.from(`${exchange.head.method} ${exchange.head.path} ${exchange.body}`), true);
  };
}

export interface TestServer {
  port: number;
  codecs: Http2ServerCodec[];
  errors: string[];
  drained: number;
  sockets: Set<Socket>;
  close(): void;
}

/** Our server codec on a real port, without TLS. */
export function serve(
  onRequest: (exchange: Exchange) => void,
  options: Partial<Http2Options> = {},
): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const started: TestServer = {
    port: 0,
    codecs: [],
    errors: [],
    drained: 0,
    sockets,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    const io = new SocketIo(socket, 1 << 20, () => codec.onWritable());
    const codec = new Http2ServerCodec(
      io,
      {
        onStream: (stream) => new Exchange(stream, onRequest),
        onConnectionError: (detail) => started.errors.push(detail),
        onDrained: () => {
          started.drained++;
          io.end();
        },
      },
      { ...defaultHttp2Options, ...options },
    );
    started.codecs.push(codec);
    attach(socket, io, codec);
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      started.port = (server.address() as AddressInfo).port;
      resolve(started);
    }),
  );
}

function attach(socket: Socket, io: SocketIo, codec: Http2ServerCodec | Http2ClientCodec): void {
  socket.on('data', (chunk) => {
    enter();
    codec.receive(chunk as Buffer);
    leave();
  });
  socket.on('end', () => {
    enter();
    codec.receiveEnd();
    leave();
    io.end();
  });
  socket.on('drain', () => io.room());
  socket.on('error', () => {});
  socket.on('close', () => codec.close('connection-termination'));
}

export interface TestClient {
  codec: Http2ClientCodec;
  socket: Socket;
  errors: string[];
  capacityChanges: number;
}

/** Our client codec connected to a local port. */
export function dialH2(port: number, options: Partial<Http2Options> = {}): Promise<TestClient> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }, () => {
      const io = new SocketIo(socket, 1 << 20, () => client.codec.onWritable());
      const client = { socket, errors: [] as string[], capacityChanges: 0 } as unknown as TestClient;
      client.codec = new Http2ClientCodec(
        io,
        {
          onCapacity: () => void client.capacityChanges++,
          onConnectionError: (detail) => void client.errors.push(detail),
        },
        { ...defaultHttp2Options, ...options },
      );
      attach(socket, io, client.codec);
      resolve(client);
    });
    socket.once('error', reject);
  });
}

/** What a client got back. */
export class Answer implements ClientStreamHandler {
  informational: ResponseHead[] = [];
  head: ResponseHead | undefined;
  body = '';
  bodyBytes = 0;
  ended = false;
  trailers: HeaderMap | undefined;
  resets: ResetReason[] = [];
  drains = 0;
  drained: () => void = () => {};

  onInformational(head: ResponseHead): void {
    this.informational.push(head);
  }

  onResponse(head: ResponseHead, end: boolean): void {
    this.head = head;
    this.ended = end;
  }

  onData(chunk: Buffer, end: boolean): void {
    this.bodyBytes += chunk.length;
    if (this.bodyBytes < 100_000) this.body += chunk.toString('latin1');
    this.ended = end;
  }

  onTrailers(trailers: HeaderMap): void {
    this.trailers = trailers;
    this.ended = true;
  }

  onReset(reason: ResetReason): void {
    this.resets.push(reason);
  }

  onDrain(): void {
    this.drains++;
    this.drained();
  }
}

export function request(
  method: string,
  path: string,
  fields: string[] = [],
  authority = 'test.example',
): RequestHead {
  return { method, path, scheme: 'http', authority, headers: new HeaderMap(fields), httpVersion: 20 };
}

/** Polls until `condition` holds. */
export async function until(condition: () => boolean, what = 'condition', limitMs = 5000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

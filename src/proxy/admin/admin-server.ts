import { createServer, type Server, type Socket } from 'node:net';
import { HeaderMap } from '../http/header-map.ts';
import type { RequestHead, ServerStream, ServerStreamHandler } from '../http/stream.ts';
import { defaultHttp1Options } from '../http1/options.ts';
import { Http1ServerCodec } from '../http1/server-codec.ts';
import type { Address } from '../network/address.ts';
import { inTurn } from '../network/event-loop.ts';
import { SocketIo } from '../network/socket-io.ts';

export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface AdminReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export type AdminHandler = (request: AdminRequest) => AdminReply | Promise<AdminReply>;

const options = { ...defaultHttp1Options, acceptHttp10: true, defaultHostForHttp10: 'admin' };

/** The admin port: HTTP/1.1 on the proxy's own codec. */
export class AdminServer {
  readonly #handler: AdminHandler;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined = undefined;

  constructor(handler: AdminHandler) {
    this.#handler = handler;
  }

  listen(address: Address): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#serve(socket));
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      const target = address.path !== '' ? { path: address.path } : { host: address.ip, port: address.port };
      server.listen(target, () => {
        server.off('error', reject);
        server.on('error', () => {});
        resolve();
      });
    });
  }

  /** The port it listens on. */
  get port(): number {
    const bound = this.#server?.address();
    return typeof bound === 'object' && bound !== null ? bound.port : 0;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const io = new SocketIo(socket, 1 << 20, () => codec.onWritable());
    const codec = new Http1ServerCodec(io, options, {
      onStream: (stream) => new AdminExchange(stream, this.#handler),
      onConnectionError() {},
      onDrained() {},
    });
    socket.on('data', (chunk: Buffer) => inTurn(() => codec.receive(chunk)));
    socket.on('end', () => inTurn(() => codec.receiveEnd()));
    socket.on('drain', () => inTurn(() => io.room()));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      inTurn(() => codec.close('connection-termination'));
    });
  }

  close(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

class AdminExchange implements ServerStreamHandler {
  readonly #stream: ServerStream;
  readonly #handler: AdminHandler;
  #over = false;

  constructor(stream: ServerStream, handler: AdminHandler) {
    this.#stream = stream;
    this.#handler = handler;
  }

  onRequest(head: RequestHead, _end: boolean): void {
    const question = head.path.indexOf('?');
    const path = question < 0 ? head.path : head.path.slice(0, question);
    const query = new URLSearchParams(question < 0 ? '' : head.path.slice(question + 1));
    void this.#answer(head.method, path, query);
  }

  async #answer(method: string, path: string, query: URLSearchParams): Promise<void> {
    let reply: AdminReply;
    try {
      reply = await this.#handler({ method, path, query });
    } catch (thrown) {
      reply = {
        status: 500,
        contentType: 'text/plain; charset=UTF-8',
        body: `${(thrown as Error).message}\n`,
      };
    }
    if (!this.#over) inTurn(() => this.#send(reply));
  }

  #send(reply: AdminReply): void {
    const body = Buffer.from(reply.body, 'utf8');
    const headers = new HeaderMap([
      'content-type',
      reply.contentType,
      'cache-control',
      'no-cache, max-age=0',
      'x-content-type-options',
      'nosniff',
      'content-length',
      String(body.length),
      'server',
      'envoy',
    ]);
    this.#stream.respond({ status: reply.status, headers }, body.length === 0);
    if (body.length > 0) this.#stream.data(body, true);
  }

  onData(): void {}
  onTrailers(): void {}
  onDrain(): void {}

  onReset(): void {
    this.#over = true;
  }
}

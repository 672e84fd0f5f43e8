import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP server that answers as scripted and remembers every byte it got. */
export class RawServer {
  readonly server: Server;
  received = '';
  connections = 0;
  readonly sockets = new Set<Socket>();

  private constructor(onConnection: (socket: Socket, self: RawServer) => void) {
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('data', (chunk) => {
        this.received += chunk.toString('latin1');
      });
      onConnection(socket, this);
    });
  }

  static async start(onConnection: (socket: Socket, self: RawServer) => void): Promise<RawServer> {
    const raw = new RawServer(onConnection);
    await new Promise<void>((resolve) => raw.server.listen(0, '127.0.0.1', resolve));
    return raw;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** An HTTP/1.1 server that answers each request head (and its counted body) with `reply`. */
export function httpServer(reply: string | ((head: string, body: string) => string)): Promise<RawServer> {
  return RawServer.start((socket) => {
    let buffered = '';
    socket.on('data', (chunk) => {
      buffered += chunk.toString('latin1');
      for (;;) {
        const end = buffered.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = buffered.slice(0, end);
        const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
        const chunked = /transfer-encoding: chunked/i.test(head);
        const rest = buffered.slice(end + 4);
        const last = chunked ? rest.indexOf('0\r\n\r\n') : length;
        if (chunked ? last < 0 : rest.length < length) return;
        const body = chunked ? rest.slice(0, last) : rest.slice(0, length);
        buffered = rest.slice(chunked ? last + 5 : length);
        socket.write(typeof reply === 'string' ? reply : reply(head, body), 'latin1');
      }
    });
    socket.on('end', () => socket.end());
  });
}

/** A client connection: raw bytes in and out. */
export class RawClient {
  readonly socket: Socket;
  received = '';
  ended = false;
  closed = false;
  #waiters: (() => void)[] = [];

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const wake = () => {
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const waiter of waiters) waiter();
    };
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      wake();
    });
    this.socket.on('end', () => {
      this.ended = true;
      wake();
    });
    this.socket.on('close', () => {
      this.closed = true;
      wake();
    });
    this.socket.on('error', () => {});
  }

  send(bytes: string): this {
    this.socket.write(bytes, 'latin1');
    return this;
  }

  /** Waits until `condition` holds; fails after `limitMs` showing what came. */
  async until(condition: (client: this) => boolean, limitMs = 5000): Promise<this> {
    const deadline = Date.now() + limitMs;
    while (!condition(this)) {
      const left = deadline - Date.now();
      if (left <= 0)
        throw new Error(
          `nothing after ${limitMs} ms; received: ${JSON.stringify(this.received.slice(0, 500))}`,
        );
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
        setTimeout(resolve, Math.min(left, 50)).unref();
      });
    }
    return this;
  }

  /** Waits for the connection's end and returns everything that came. */
  async all(): Promise<string> {
    await this.until((c) => c.ended || c.closed);
    this.socket.destroy();
    return this.received;
  }

  /** Waits for text. */
  async see(text: string): Promise<string> {
    await this.until((c) => c.received.includes(text));
    return this.received;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Waits until a condition holds. */
export async function eventually(condition: () => boolean, what: string, limitMs = 5000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

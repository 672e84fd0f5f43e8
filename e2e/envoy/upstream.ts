import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Conversation } from './case-file.ts';
import { HeadParser } from './http1-message.ts';

type Reply = NonNullable<Conversation['upstream']>[number];

/** What an upstream saw of one request. */
export interface SeenRequest {
  readonly upstream: string;
  readonly line: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** The scripted upstreams of one side: HTTP/1.1 servers that record requests and answer from a queue, else `200` with their name. */
export class Upstreams {
  readonly ports: Record<string, number> = {};
  seen: SeenRequest[] = [];
  #replies: Reply[] = [];
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  async start(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const server = createServer((socket) => this.#serve(name, socket));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      this.ports[name] = (server.address() as { port: number }).port;
      this.#servers.push(server);
    }
  }

  script(replies: readonly Reply[]): void {
    this.seen = [];
    this.#replies = [...replies];
  }

  #serve(name: string, socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    const parser = new HeadParser('request');
    socket.on('data', (chunk: Buffer) => {
      for (const message of parser.push(chunk)) {
        this.seen.push({
          upstream: name,
          line: message.startLine,
          headers: message.headers,
          body: message.body,
        });
        void this.#answer(name, socket, message.startLine);
      }
    });
  }

  async #answer(name: string, socket: Socket, line: string): Promise<void> {
    const reply = this.#replies.shift();
    if (reply === 'close') return void socket.destroy();
    const body = line.startsWith('HEAD ') ? '' : `from ${name}`;
    const plain = `HTTP/1.1 200 OK\r\ncontent-length: ${`from ${name}`.length}\r\ncontent-type: text/plain\r\n\r\n${body}`;
    const {
      after_ms = 0,
      send = plain,
      close = false,
    } = typeof reply === 'string' ? { send: reply } : (reply ?? {});
    if (after_ms > 0) await pause(after_ms);
    if (close) socket.end(Buffer.from(send, 'latin1'));
    else socket.write(Buffer.from(send, 'latin1'));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
  }
}

import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';

const handshakeSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const opcode = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const maxFrameBytes = 16 * 1024 * 1024;

/** Subprotocols the client offers, in its order. */
export function offeredProtocols(req: IncomingMessage): string[] {
  return (req.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);
}

/** Answers the WebSocket handshake (RFC 6455, 4.2.2). */
export function acceptWebSocket(req: IncomingMessage, socket: Duplex, protocol: string | undefined): void {
  const key = req.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}${handshakeSuffix}`).digest('base64');
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
  ];
  if (protocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}

/** The server side of a WebSocket after its handshake: whole messages in, binary messages out. */
export class WebSocketConnection {
  readonly #socket: Duplex;
  #pending: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #closed = false;

  constructor(socket: Duplex, head: Buffer, onMessage: (data: Buffer) => void, onEnd: () => void) {
    this.#socket = socket;
    const feed = (chunk: Buffer) => {
      this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
      while (this.#frame(onMessage));
    };
    socket.on('data', feed);
    socket.on('error', () => socket.destroy());
    socket.on('close', onEnd);
    socket.on('end', () => socket.end());
    if (head.length > 0) feed(head);
  }

  get writable(): boolean {
    return !this.#closed && this.#socket.writable;
  }

  send(data: Buffer, done: () => void = () => {}): void {
    if (!this.writable) return done();
    this.#socket.write(Buffer.concat([frameHead(opcode.binary, data.length), data]), () => done());
  }

  /** Normal closure. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.end(Buffer.concat([frameHead(opcode.close, 2), Buffer.from([0x03, 0xe8])]));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Reads one frame if it is complete. */
  #frame(onMessage: (data: Buffer) => void): boolean {
    const bytes = this.#pending;
    if (bytes.length < 2) return false;
    const first = bytes[0] as number;
    let length = (bytes[1] as number) & 0x7f;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) return false;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return false;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    if (length > maxFrameBytes) {
      this.#socket.destroy();
      return false;
    }
    const masked = ((bytes[1] as number) & 0x80) !== 0;
    const end = at + (masked ? 4 : 0) + length;
    if (bytes.length < end) return false;
    const data = Buffer.from(bytes.subarray(end - length, end));
    if (masked) unmask(data, bytes.subarray(at, at + 4));
    this.#pending = bytes.subarray(end);
    this.#handle(first & 0x0f, (first & 0x80) !== 0, data, onMessage);
    return true;
  }

  #handle(code: number, final: boolean, data: Buffer, onMessage: (data: Buffer) => void): void {
    if (code === opcode.ping) this.#socket.write(Buffer.concat([frameHead(opcode.pong, data.length), data]));
    else if (code === opcode.close) this.close();
    else if (code !== opcode.pong) {
      this.#parts.push(data);
      if (!final) return;
      const message = this.#parts.length === 1 ? data : Buffer.concat(this.#parts);
      this.#parts = [];
      onMessage(message);
    }
  }
}

function frameHead(code: number, length: number): Buffer {
  if (length < 126) return Buffer.from([0x80 | code, length]);
  const head = Buffer.alloc(length < 65536 ? 4 : 10);
  head[0] = 0x80 | code;
  head[1] = length < 65536 ? 126 : 127;
  if (length < 65536) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

function unmask(data: Buffer, mask: Buffer): void {
  for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) ^ (mask[i & 3] as number);
}

/** The bytes of a WebSocket's binary messages as one stream, both ways: what tunnels SPDY (kubectl's `SPDY/3.1+portforward.k8s.io`). */
export class WebSocketTunnel extends Duplex {
  readonly #connection: WebSocketConnection;

  constructor(socket: Duplex, head: Buffer) {
    super();
    this.#connection = new WebSocketConnection(
      socket,
      head,
      (data) => {
        this.push(data);
      },
      () => {
        this.push(null);
        this.destroy();
      },
    );
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#connection.send(chunk, done);
  }

  override _final(done: () => void): void {
    this.#connection.close();
    done();
  }
}

import { Duplex } from 'node:stream';
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { spdyDictionary } from './spdy-dictionary.ts';

const control = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const finFlag = 1;

/** One SPDY stream: what the client opened, with the headers it gave (`streamtype`, `port`, …). */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly #session: SpdySession;

  constructor(session: SpdySession, id: number, headers: Record<string, string>) {
    super({ allowHalfOpen: true });
    this.id = id;
    this.headers = headers;
    this.#session = session;
    this.on('error', () => {});
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#session.sendData(this.id, chunk, false, done);
  }

  override _final(done: () => void): void {
    this.#session.sendData(this.id, Buffer.alloc(0), true, () => done());
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    this.#session.forget(this.id);
    done();
  }
}

/**
 * The server side of SPDY/3.1 as Kubernetes' streaming clients speak it (exec, attach, port-forward): streams that the client opens, no
 * pushes, no flow-control windows. `transport` may be a socket or a WebSocket tunnel.
 */
export class SpdySession {
  readonly #transport: Duplex;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #inflate: Inflate = createInflate({
    dictionary: spdyDictionary,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  readonly #deflate: Deflate = createDeflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH });
  #pending: Buffer = Buffer.alloc(0);
  #working: Promise<void> = Promise.resolve();

  constructor(transport: Duplex, head: Buffer, onStream: (stream: SpdyStream) => void, onEnd: () => void) {
    this.#transport = transport;
    const feed = (chunk: Buffer) => {
      transport.pause();
      this.#working = this.#working
        .then(() => this.#receive(chunk, onStream))
        .catch(() => this.close())
        .then(() => void transport.resume());
    };
    const ended = () => {
      for (const stream of this.#streams.values()) stream.push(null);
      onEnd();
    };
    transport.on('data', feed);
    transport.on('error', () => transport.destroy());
    transport.on('close', ended);
    transport.on('end', () => transport.end());
    if (head.length > 0) feed(head);
  }

  sendData(id: number, chunk: Buffer, fin: boolean, done: (error?: Error | null) => void): void {
    if (this.#transport.destroyed || !this.#transport.writable) return done();
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(id, 0);
    frame.writeUInt32BE(chunk.length, 4);
    frame[4] = fin ? finFlag : 0;
    this.#transport.write(chunk.length === 0 ? frame : Buffer.concat([frame, chunk]), (error) =>
      done(error ?? null),
    );
  }

  forget(id: number): void {
    this.#streams.delete(id);
  }

  close(): void {
    this.#transport.end();
  }

  async #receive(chunk: Buffer, onStream: (stream: SpdyStream) => void): Promise<void> {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= 8) {
      const length = this.#pending.readUInt32BE(4) & 0xffffff;
      if (this.#pending.length < 8 + length) return;
      const head = this.#pending.readUInt32BE(0);
      const flags = this.#pending[4] as number;
      const body = this.#pending.subarray(8, 8 + length);
      this.#pending = this.#pending.subarray(8 + length);
      if (head >>> 31 === 1) await this.#control(head & 0xffff, flags, body, onStream);
      else this.#data(head, flags, body);
    }
  }

  #data(id: number, flags: number, body: Buffer): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (body.length > 0) stream.push(Buffer.from(body));
    if (flags & finFlag) stream.push(null);
  }

  async #control(
    type: number,
    flags: number,
    body: Buffer,
    onStream: (stream: SpdyStream) => void,
  ): Promise<void> {
    if (type === control.synStream) {
      const id = body.readUInt32BE(0) & 0x7fffffff;
      const headers = readHeaders(await transform(this.#inflate, body.subarray(10)));
      const stream = new SpdyStream(this, id, headers);
      this.#streams.set(id, stream);
      const reply = Buffer.alloc(4);
      reply.writeUInt32BE(id);
      const block = await transform(this.#deflate, Buffer.alloc(4));
      this.#send(control.synReply, Buffer.concat([reply, block]));
      onStream(stream);
      if (flags & finFlag) stream.push(null);
    } else if (type === control.rstStream) {
      const stream = this.#streams.get(body.readUInt32BE(0) & 0x7fffffff);
      stream?.push(null);
      stream?.destroy();
    } else if (type === control.ping) this.#send(control.ping, body);
    else if (type === control.goAway) this.close();
  }

  #send(type: number, body: Buffer): void {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(0x80030000 + type, 0);
    head.writeUInt32BE(body.length, 4);
    if (this.#transport.writable) this.#transport.write(Buffer.concat([head, body]));
  }
}

/** Runs one header block through the session's (de)compressor: both keep their state from block to block. */
function transform(codec: Inflate | Deflate, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    codec.once('error', reject);
    codec.write(input, () => {
      codec.off('error', reject);
      const parts: Buffer[] = [];
      for (let part = codec.read() as Buffer | null; part !== null; part = codec.read() as Buffer | null)
        parts.push(part);
      resolve(Buffer.concat(parts));
    });
  });
}

/** Name/value pairs: counts and lengths are 32-bit; several values of a name are separated by NUL. */
function readHeaders(block: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  let at = 4;
  const text = () => {
    const length = block.readUInt32BE(at);
    at += 4 + length;
    return block.toString('utf8', at - length, at);
  };
  for (let left = block.readUInt32BE(0); left > 0; left--) {
    const name = text();
    headers[name.toLowerCase()] = text();
  }
  return headers;
}

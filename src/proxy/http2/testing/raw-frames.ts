import { connect, type Socket } from 'node:net';
import { clientPreface, FrameType, getUint32, putFrameHeader } from '../frame.ts';
import { HpackEncoder } from '../hpack/encoder.ts';

/** A frame as bytes. */
export function frame(type: number, flags: number, id: number, payload: Buffer | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const bytes = Buffer.alloc(9 + body.length);
  putFrameHeader(bytes, 0, body.length, type, flags, id);
  body.copy(bytes, 9);
  return bytes;
}

export const opening: Buffer = Buffer.concat([clientPreface, frame(FrameType.settings, 0, 0)]);

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A header block of literals that are not indexed, good on any connection; names and values are taken as they are. */
export function block(...fields: [string, string][]): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of fields) {
    parts.push(Buffer.from([0]));
    for (const text of [name, value]) {
      const bytes = Buffer.from(text, 'latin1');
      parts.push(length(bytes.length), bytes);
    }
  }
  return Buffer.concat(parts);
}

function length(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>= 7) bytes.push(128 | (rest & 127));
  return Buffer.from([...bytes, rest]);
}

export function getBlock(...more: [string, string][]): Buffer {
  return block([':method', 'GET'], [':scheme', 'http'], [':path', '/'], [':authority', 'a.example'], ...more);
}

export function encoded(fields: string[]): Buffer {
  const target = Buffer.alloc(HpackEncoder.bound(fields));
  return target.subarray(0, new HpackEncoder().trailers(fields, target, 0));
}

export interface SeenFrame {
  type: number;
  flags: number;
  id: number;
  payload: Buffer;
}

/** A client that writes raw bytes and collects the frames that come back. */
export class RawPeer {
  readonly socket: Socket;
  readonly frames: SeenFrame[] = [];
  closed = false;
  #rest: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk) => this.#take(chunk as Buffer));
    this.socket.on('error', () => {});
    const onClosed = () => {
      this.closed = true;
    };
    this.socket.on('end', onClosed);
    this.socket.on('close', onClosed);
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      if (this.#rest.length < 9) return;
      const size = this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < 9 + size) return;
      const [type = 0, flags = 0] = this.#rest.subarray(3, 5);
      const id = getUint32(this.#rest, 5) & 0x7fffffff;
      this.frames.push({ type, flags, id, payload: this.#rest.subarray(9, 9 + size) });
      this.#rest = this.#rest.subarray(9 + size);
    }
  }

  send(...parts: Buffer[]): boolean {
    return this.socket.write(Buffer.concat(parts));
  }

  /** Error code of the GOAWAY received, or undefined. */
  get goaway(): number | undefined {
    const found = this.frames.findLast(({ type }) => type === FrameType.goaway);
    return found?.payload.readUInt32BE(4);
  }

  /** Error code of the RST_STREAM received for a stream. */
  reset(id: number): number | undefined {
    return this.frames
      .find((seen) => seen.type === FrameType.rstStream && seen.id === id)
      ?.payload.readUInt32BE(0);
  }
}

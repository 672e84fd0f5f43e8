import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeaderMap } from '../http/header-map.ts';
import type { ConnectionIo, ServerStream } from '../http/stream.ts';
import { inTurn } from '../network/event-loop.ts';
import { fuzzRuns } from '../testing/fuzz-runs.ts';
import { Http2ClientCodec } from './client-codec.ts';
import { Flag, FrameType } from './frame.ts';
import { Http2ServerCodec } from './server-codec.ts';
import { defaultHttp2Options } from './settings.ts';
import { Answer, Exchange, echo, request } from './testing/h2-peers.ts';
import { block, frame, getBlock, opening, uint32 } from './testing/raw-frames.ts';

/** Mutated conversations against both codecs. */
/** Takes everything at once and checks that what is written are frames. */
class MemoryIo implements ConnectionIo {
  written: Buffer[] = [];
  ended = 0;
  room: boolean;
  readonly bufferedBytes = 0;
  readonly congested = false;

  constructor(room: boolean) {
    this.room = room;
  }

  write(chunk: Buffer | string): boolean {
    assert.equal(this.ended, 0, 'written after the end');
    this.written.push(Buffer.from(chunk as Buffer));
    return this.room;
  }

  writev(chunks: Buffer[]): boolean {
    for (const chunk of chunks) this.write(chunk);
    return this.room;
  }

  pauseReading(): void {}
  resumeReading(): void {}

  end(): void {
    this.ended++;
  }

  destroy(): void {
    this.ended++;
  }

  /** Number of whole frames written; fails when there is something else. */
  frames(skip: number): number {
    const bytes = Buffer.concat(this.written).subarray(skip);
    let count = 0;
    for (let at = 0; at < bytes.length; count++) {
      assert.ok(at + 9 <= bytes.length, 'a cut frame header');
      at += 9 + bytes.readUIntBE(at, 3);
      assert.ok(at <= bytes.length, 'a cut frame');
    }
    return count;
  }
}

const conversation: Buffer[] = [
  opening,
  frame(FrameType.settings, Flag.ack, 0),
  frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 1, getBlock(['cookie', 'a=b'], ['x-a', 'v'])),
  frame(FrameType.headers, Flag.endHeaders, 3, getBlock(['content-length', '10'], ['te', 'trailers'])),
  frame(FrameType.data, 0, 3, 'hello'),
  frame(FrameType.data, Flag.endStream | Flag.padded, 3, '\x03world\0\0\0'),
  frame(
    FrameType.headers,
    Flag.endHeaders | Flag.priority,
    5,
    Buffer.concat([Buffer.from('0000000310', 'hex'), getBlock()]),
  ),
  frame(FrameType.data, 0, 5, 'x'.repeat(300)),
  frame(FrameType.headers, Flag.endStream, 5, block(['grpc-status', '0'])),
  frame(FrameType.continuation, Flag.endHeaders, 5, block(['x-trailer', 'b'])),
  frame(FrameType.windowUpdate, 0, 0, uint32(100_000)),
  frame(FrameType.settings, 0, 0, Buffer.from('000100000000000400010000', 'hex')),
  frame(FrameType.ping, 0, 0, 'abcdefgh'),
  frame(FrameType.priority, 0, 7, Buffer.from('0000000310', 'hex')),
  frame(FrameType.headers, Flag.endHeaders, 7, Buffer.concat([Buffer.from('4001610162', 'hex'), getBlock()])),
  frame(
    FrameType.headers,
    Flag.endHeaders | Flag.endStream,
    9,
    Buffer.concat([getBlock(), Buffer.from([0xbe])]),
  ),
  frame(FrameType.rstStream, 0, 7, uint32(8)),
  frame(FrameType.goaway, 0, 0, Buffer.alloc(8)),
];

const replies: Buffer[] = [
  frame(FrameType.settings, 0, 0, Buffer.from('00030000006400040000ffff', 'hex')),
  frame(FrameType.headers, Flag.endHeaders, 1, block([':status', '103'], ['link', '</a>'])),
  frame(FrameType.headers, Flag.endHeaders, 1, block([':status', '200'], ['content-length', '5'])),
  frame(FrameType.data, Flag.endStream, 1, 'hello'),
  frame(FrameType.headers, Flag.endHeaders, 3, block([':status', '200'])),
  frame(FrameType.data, 0, 3, 'y'.repeat(200)),
  frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 3, block(['grpc-status', '0'])),
  frame(FrameType.rstStream, 0, 5, uint32(7)),
  frame(FrameType.settings, Flag.ack, 0),
  frame(FrameType.goaway, 0, 0, Buffer.concat([uint32(5), uint32(0)])),
];

/** Frames dropped, repeated and reordered, bytes changed, cut into pieces. */
const plan = fc.record({
  order: fc.array(fc.nat(40), { maxLength: 30 }),
  changes: fc.array(fc.tuple(fc.nat(5000), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
  cuts: fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 20 }),
  room: fc.boolean(),
  chaos: fc.nat(7),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

function bytesOf(frames: readonly Buffer[], { order, changes }: Plan, fixed: number): Buffer {
  const chosen =
    order.length === 0
      ? frames.slice(fixed)
      : order.map((i) => frames[fixed + (i % (frames.length - fixed))] as Buffer);
  const bytes = Buffer.concat([...frames.slice(0, fixed), ...chosen]);
  for (const [at, value] of changes) bytes[at % bytes.length] = value;
  return bytes;
}

function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (const cut of cuts) {
    if (at >= bytes.length) break;
    parts.push(bytes.subarray(at, at + cut));
    at += cut;
  }
  if (at < bytes.length) parts.push(bytes.subarray(at));
  return parts;
}

function runServer(given: Plan): void {
  const io = new MemoryIo(given.room);
  const open: Exchange[] = [];
  const codec = new Http2ServerCodec(
    io,
    {
      onStream: (stream: ServerStream) => {
        const exchange = new Exchange(stream, (e) => {
          if (given.chaos & 1) echo(e);
          if (given.chaos & 2) e.stream.pause();
          if (given.chaos & 4) e.onChunk = () => e.stream.reset('local-reset');
        });
        open.push(exchange);
        return exchange;
      },
      onConnectionError() {},
      onDrained() {},
    },
    { ...defaultHttp2Options, allowConnect: true },
  );
  for (const piece of pieces(bytesOf(conversation, given, 1), given.cuts)) inTurn(() => codec.receive(piece));
  inTurn(() => {
    for (const exchange of open) {
      exchange.stream.resume();
      exchange.stream.respond({ status: 200, headers: new HeaderMap() }, false);
      exchange.stream.data(Buffer.alloc(40_000), true);
    }
    codec.onWritable();
    codec.drain();
    codec.close('connection-termination');
  });
  assert.equal(codec.activeStreams, 0);
  for (const exchange of open) assert.ok(exchange.resets.length <= 1, 'one reset at most');
  io.frames(0);
}

function runClient(given: Plan): void {
  const io = new MemoryIo(given.room);
  const codec = new Http2ClientCodec(io, { onCapacity() {}, onConnectionError() {} }, defaultHttp2Options);
  const answers = Array.from({ length: 4 }, () => new Answer());
  inTurn(() => {
    for (const [i, answer] of answers.entries()) {
      const stream = codec.newStream(answer);
      stream?.request(request(i === 2 ? 'HEAD' : 'POST', `/${i}`), i !== 1);
      if (i === 1) stream?.data(Buffer.alloc(100_000), (given.chaos & 1) === 0);
      if (given.chaos & 2) stream?.pause();
    }
  });
  for (const piece of pieces(bytesOf(replies, given, 1), given.cuts)) inTurn(() => codec.receive(piece));
  inTurn(() => codec.close('connection-termination'));
  assert.equal(codec.activeStreams, 0);
  for (const answer of answers) assert.ok(answer.resets.length <= 1, 'one reset at most');
  io.frames(24);
}

function fuzz(run: (given: Plan) => void): void {
  fc.assert(fc.property(plan, run), fuzzRuns(1500));
}

test('the server codec survives mutated conversations', () => fuzz(runServer));

test('the client codec survives mutated conversations', () => fuzz(runClient));

/**
 * Nanoseconds of the HTTP/2 primitives, one figure a line, so that a change to one of them shows:
 *
 *   node bench/hpack.ts
 */
import { Flag, FrameType } from '../src/proxy/http2/frame.ts';
import { FrameReader, type FrameSink } from '../src/proxy/http2/frame-reader.ts';
import { HpackDecoder } from '../src/proxy/http2/hpack/decoder.ts';
import { HpackEncoder } from '../src/proxy/http2/hpack/encoder.ts';
import { HeaderBlock } from '../src/proxy/http2/hpack/header-block.ts';
import { huffmanDecode, huffmanEncode } from '../src/proxy/http2/hpack/huffman.ts';
import { frame } from '../src/proxy/http2/testing/raw-frames.ts';

function measure(name: string, bytes: number, run: () => void): void {
  for (let i = 0; i < 20_000; i++) run();
  const rounds = 300_000;
  // CPU time, so that other processes do not count.
  const started = process.cpuUsage();
  for (let i = 0; i < rounds; i++) run();
  const nanoseconds = (process.cpuUsage(started).user * 1000) / rounds;
  const rate = bytes === 0 ? '' : `${((bytes / nanoseconds) * 1000).toFixed(0)} MB/s`;
  console.log(`${name.padEnd(44)} ${nanoseconds.toFixed(0).padStart(6)} ns  ${rate}`.trimEnd());
}

const target = Buffer.alloc(8192);
const text =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36';
const coded = Buffer.alloc(200);
const codedLength = huffmanEncode(text, coded, 0);
measure('huffman encode, 100 characters', text.length, () => huffmanEncode(text, target, 0));
measure('huffman decode, 100 characters', text.length, () => huffmanDecode(coded, 0, codedLength, target));

const fields = [
  'content-type',
  'text/html',
  'server',
  'envoy',
  'x-envoy-upstream-service-time',
  '3',
  'date',
  'Sat, 21 Nov 2026 05:00:00 GMT',
  'content-length',
  '1234',
];
const encoder = new HpackEncoder();
measure('encode a response head of 5 repeating fields', 0, () => encoder.response(200, fields, target, 0));
let counter = 0;
const changing = [...fields, 'x-request-id', ''];
measure('encode it with a request id that changes', 0, () => {
  changing[11] = `7c0a1c2e-0000-4000-8000-${String(counter++).padStart(12, '0')}`;
  encoder.response(200, changing, target, 0);
});

const source = new HpackEncoder();
const decoder = new HpackDecoder();
const block = new HeaderBlock({ maxBytes: 61_440, maxFields: 100 });
for (let i = 0; i < 2; i++) {
  const end = source.response(200, fields, target, 0);
  block.reset('response');
  decoder.decode(target, 0, end, block);
}
const indexed = Buffer.from(target.subarray(0, source.response(200, fields, target, 0)));
measure('decode a head of indexed fields', 0, () => {
  block.reset('response');
  decoder.decode(indexed, 0, indexed.length, block);
});

const quiet: FrameSink = { onFrame() {}, onDataFrame: () => true, onDataPiece() {}, onFramingError() {} };
const reader = new FrameReader(quiet, false);
const frames = Buffer.concat(
  Array.from({ length: 32 }, (_, i) => [
    frame(FrameType.headers, Flag.endHeaders, i * 2 + 1, indexed),
    frame(FrameType.data, Flag.endStream, i * 2 + 1, 'x'.repeat(64)),
  ]).flat(),
);
measure('cut 64 frames out of one read', frames.length, () => reader.receive(frames));

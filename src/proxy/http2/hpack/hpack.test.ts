import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeaderMap } from '../../http/header-map.ts';
import { fuzzRuns } from '../../testing/fuzz-runs.ts';
import { decoderTableSize, HpackDecoder } from './decoder.ts';
import { HpackEncoder } from './encoder.ts';
import { FieldKind, invalidValue } from './field-kind.ts';
import { HeaderBlock } from './header-block.ts';
import { staticNames, staticTableSize, staticValues } from './static-table.ts';

class Recorder {
  fields: [string, string][] = [];
  kinds: number[] = [];
  add(name: string, value: string, kind: number): void {
    this.fields.push([name, value]);
    this.kinds.push(kind);
  }
}

function decodeHex(decoder: HpackDecoder, hex: string): [string, string][] | undefined {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const recorder = new Recorder();
  return decoder.decode(bytes, 0, bytes.length, recorder) ? recorder.fields : undefined;
}

test('the request examples of RFC 7541 C.4 decode, with the dynamic table carried over', () => {
  const decoder = new HpackDecoder();
  const start: [string, string][] = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ];
  assert.deepEqual(decodeHex(decoder, '828684418cf1e3c2e5f23a6ba0ab90f4ff'), start);
  assert.deepEqual(decodeHex(decoder, '828684be5886a8eb10649cbf'), [...start, ['cache-control', 'no-cache']]);
  assert.deepEqual(decodeHex(decoder, '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf'), [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ]);
});

test('the static table has 61 entries, ending with www-authenticate', () => {
  assert.equal(staticNames.length, staticTableSize + 1);
  assert.equal(staticNames[61], 'www-authenticate');
  assert.deepEqual([staticNames[16], staticValues[16]], ['accept-encoding', 'gzip, deflate']);
});

test('malformed blocks are compression errors', () => {
  const cases: Record<string, string> = {
    'index 0': '80',
    'index past the table': 'be',
    'index far past the table': 'ff8080808001',
    'name index past the table': '7f8001 01 61',
    'cut integer': 'ff',
    'cut string': '4005 6162',
    'no value': '40 01 61',
    'Huffman padding of zeros': '40 01 61 81 18',
    'table larger than allowed': '3fe21f',
    'size update after a field': '8220',
  };
  for (const [name, hex] of Object.entries(cases)) {
    assert.equal(decodeHex(new HpackDecoder(), hex), undefined, name);
  }
});

test('a size update to 0 empties the table', () => {
  const decoder = new HpackDecoder();
  assert.deepEqual(decodeHex(decoder, '40 01 61 01 62'), [['a', 'b']]);
  assert.deepEqual(decodeHex(decoder, 'be'), [['a', 'b']]);
  assert.equal(decodeHex(decoder, '20 be'), undefined);
});

test('entries are evicted when the table is full, and one that never fits empties it', () => {
  const decoder = new HpackDecoder();
  for (let i = 0; i < 500; i++) {
    const value = Buffer.from(String(i)).toString('hex');
    const length = (value.length / 2).toString(16).padStart(2, '0');
    assert.deepEqual(decodeHex(decoder, `40 01 61 ${length} ${value}`), [['a', String(i)]]);
  }
  assert.deepEqual(decodeHex(decoder, 'be'), [['a', '499']]);
  // 36 bytes an entry of three digits: 113 fit into 4096.
  assert.deepEqual(decodeHex(decoder, 'ee'), [['a', '451']]);
  assert.deepEqual(decodeHex(decoder, 'ff2f'), [['a', '387']]);
  assert.equal(decodeHex(decoder, 'ff30'), undefined);
  const huge = '61'.repeat(decoderTableSize);
  assert.equal(decodeHex(decoder, `4001617f811f${huge}`)?.length, 1);
  assert.equal(decodeHex(decoder, 'be'), undefined);
});

test('kinds and validity travel with table entries', () => {
  const decoder = new HpackDecoder();
  const recorder = new Recorder();
  const bytes = Buffer.from('40014101624001610100bfbe88', 'hex');
  assert.ok(decoder.decode(bytes, 0, bytes.length, recorder));
  const badValue = FieldKind.ordinary | invalidValue;
  assert.deepEqual(recorder.kinds, [
    FieldKind.invalidName,
    badValue,
    FieldKind.invalidName,
    badValue,
    FieldKind.status,
  ]);
});

test('values lose surrounding white space but the table counts what was sent', () => {
  const decoder = new HpackDecoder();
  assert.deepEqual(decodeHex(decoder, '40 01 61 04 20 62 09 20'), [['a', 'b']]);
  assert.deepEqual(decodeHex(decoder, 'be'), [['a', 'b']]);
});

const name = fc.oneof(
  fc.constantFrom('accept', 'content-type', 'set-cookie', 'x-request-id', 'x-a', 'authorization'),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
);
const value = fc.oneof(
  fc.constantFrom('', 'a', 'text/html', '*/*', 'x'.repeat(200), 'y'.repeat(3000), 'é'),
  fc.stringMatching(/^[\x21-\x7e]{0,60}$/),
);
const skip = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
]);

test('whatever the encoder writes the decoder reads, over many blocks and table sizes', () => {
  const message = fc.array(fc.tuple(name, value), { maxLength: 12 });
  const step = fc.tuple(message, fc.option(fc.constantFrom(0, 64, 300, 4096, 65536), { freq: 4 }));
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder();
      for (const [fields, size] of steps) {
        if (size !== null) encoder.setPeerTableSize(size);
        const flat = fields.flat();
        const bound = HpackEncoder.bound(flat);
        const target = Buffer.alloc(bound);
        const end = encoder.response(207, flat, target, 0);
        assert.ok(end <= bound);
        const recorder = new Recorder();
        assert.ok(decoder.decode(target, 0, end, recorder));
        const expected = fields.filter(([n]) => !skip.has(n));
        assert.deepEqual(recorder.fields, [[':status', '207'], ...expected]);
      }
    }),
    fuzzRuns(200),
  );
});

test('a repeated request head costs one byte a field', () => {
  const encoder = new HpackEncoder();
  const target = Buffer.alloc(1024);
  const head = {
    method: 'GET',
    scheme: 'http',
    authority: 'reviews:9080',
    path: '/',
    httpVersion: 20 as const,
    headers: new HeaderMap(['accept', '*/*', 'x-b3-sampled', '1', 'connection', 'close']),
  };
  assert.ok(encoder.request(head, target, 0) > 6);
  assert.equal(encoder.request(head, target, 0), 6);
});

test('sensitive fields are never indexed, and a name that keeps changing stops being indexed', () => {
  const encoder = new HpackEncoder();
  const target = Buffer.alloc(1024);
  for (let i = 0; i < 3; i++) {
    encoder.trailers(['authorization', 'Bearer abc'], target, 0);
    assert.equal((target[0] as number) & 0xf0, 0x10);
  }
  for (let i = 0; i < 6; i++) encoder.trailers(['x-request-id', `id-${i}`], target, 0);
  assert.equal((target[0] as number) & 0xf0, 0, 'a literal without indexing');
});

test('characters above latin1 never become control characters', () => {
  const encoder = new HpackEncoder();
  const target = Buffer.alloc(1024);
  for (const text of ['a\u010ab', `a\u010ab${'x'.repeat(100)}`]) {
    const end = encoder.trailers(['authorization', text], target, 0);
    assert.equal(target.subarray(0, end).includes(0x0a), false);
  }
});

test('cookie crumbs are joined and counted before they cost memory', () => {
  const block = new HeaderBlock({ maxBytes: 1000, maxFields: 2000 });
  block.reset('request');
  for (let i = 0; i < 1000; i++) block.add('cookie', 'x'.repeat(100), FieldKind.cookie);
  assert.equal(block.tooLarge, true);
  assert.ok((block.fields[1] as string).length <= 1020);
});

test('arbitrary bytes never throw in the decoder', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }), (blocks) => {
      const decoder = new HpackDecoder();
      const block = new HeaderBlock({ maxBytes: 60_000, maxFields: 100 });
      for (const bytes of blocks) {
        block.reset('request');
        const buffer = Buffer.from(bytes);
        if (!decoder.decode(buffer, 0, buffer.length, block)) return;
        block.finishRequest();
      }
    }),
    fuzzRuns(2000),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderMap } from '../http/header-map.ts';
import { BodyDecoder, BodyMode, type BodySink } from './body-decoder.ts';

class Collector implements BodySink {
  text = '';
  ended = false;
  trailers: HeaderMap | undefined;

  bodyData(chunk: Buffer, end: boolean): void {
    this.text += chunk.toString('latin1');
    if (end) this.ended = true;
  }

  bodyTrailers(trailers: HeaderMap): void {
    this.trailers = trailers;
    this.ended = true;
  }
}

/** Feeds `text` cut into pieces of `step` bytes; gives what came out and how many bytes were used. */
function decode(mode: number, length: number, text: string, step = text.length) {
  const decoder = new BodyDecoder({ maxFields: 100 });
  const sink = new Collector();
  decoder.start(mode, length);
  const bytes = Buffer.from(text, 'latin1');
  let used = 0;
  for (let at = 0; at < bytes.length && !decoder.done && decoder.error === ''; at += step) {
    const chunk = bytes.subarray(at, at + step);
    used = at + decoder.decode(chunk, 0, sink);
  }
  return { ...sink, error: decoder.error, done: decoder.done, used };
}

const chunkedCases: Record<string, [text: string, body: string]> = {
  'one chunk': ['5\r\nhello\r\n0\r\n\r\n', 'hello'],
  'several chunks': ['2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n', 'hello'],
  'capital hex digits': ['A\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
  'a chunk extension': ['5;name=value\r\nhello\r\n0\r\n\r\n', 'hello'],
  'a quoted chunk extension': ['5;name="a b"\r\nhello\r\n0\r\n\r\n', 'hello'],
  'leading zeros': ['0005\r\nhello\r\n000\r\n\r\n', 'hello'],
};
for (const [name, [text, body]] of Object.entries(chunkedCases)) {
  for (const step of [1, 3, text.length]) {
    test(`decodes ${name} in pieces of ${step}`, () => {
      const result = decode(BodyMode.chunked, 0, text, step);
      assert.deepEqual([result.text, result.ended, result.error], [body, true, '']);
    });
  }
}

const badChunks: Record<string, string> = {
  'a bare semicolon': '5;\r\nhello\r\n0\r\n\r\n',
  'an extension that is no token': '5;a b\r\nhello\r\n0\r\n\r\n',
  'a control byte in an extension': '5;a=\x01\r\nhello\r\n0\r\n\r\n',
  'white space after the size': '5 \r\nhello\r\n0\r\n\r\n',
  'white space before the size': ' 5\r\nhello\r\n0\r\n\r\n',
  'a size of 0x5': '0x5\r\nhello\r\n0\r\n\r\n',
  'a negative size': '-1\r\nhello\r\n0\r\n\r\n',
  'a size beyond numbers': 'fffffffffffffffff\r\nhello\r\n0\r\n\r\n',
  'an empty size': '\r\nhello\r\n0\r\n\r\n',
  'data longer than its size': '5\r\nhello!!\r\n0\r\n\r\n',
  'a bare LF behind the size': '5\nhello\r\n0\r\n\r\n',
  'a bare LF behind the data': '5\r\nhello\n0\r\n\r\n',
  'a bare CR inside the size line': '5\r\r\nhello\r\n0\r\n\r\n',
  'a folded trailer': '0\r\nX: a\r\n b\r\n\r\n',
  'a trailer without colon': '0\r\nnonsense\r\n\r\n',
};
for (const [name, text] of Object.entries(badChunks)) {
  for (const step of [1, text.length]) {
    test(`refuses ${name} in pieces of ${step}`, () => {
      assert.notEqual(decode(BodyMode.chunked, 0, text, step).error, '');
    });
  }
}

test('trailers come after the body', () => {
  const result = decode(BodyMode.chunked, 0, '1\r\na\r\n0\r\nX-Sum: 7\r\nX-More: 8\r\n\r\n', 4);
  assert.deepEqual(result.trailers?.fields, ['x-sum', '7', 'x-more', '8']);
});

test('a counted body ends where it says, whatever follows', () => {
  const result = decode(BodyMode.length, 5, 'helloGET / HTTP/1.1');
  assert.deepEqual([result.text, result.done, result.used], ['hello', true, 5]);
});

test('an endless chunk line is refused', () => {
  assert.notEqual(decode(BodyMode.chunked, 0, `5;a=${'b'.repeat(10_000)}`, 100).error, '');
});

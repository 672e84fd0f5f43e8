import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { huffmanDecode, huffmanEncode, huffmanLength } from './huffman.ts';

function encode(text: string): Buffer {
  const target = Buffer.alloc(text.length * 4 + 4);
  return target.subarray(0, huffmanEncode(text, target, 0));
}

function decode(bytes: Buffer): string | undefined {
  const target = Buffer.alloc(bytes.length * 2 + 1);
  const length = huffmanDecode(bytes, 0, bytes.length, target);
  return length < 0 ? undefined : target.toString('latin1', 0, length);
}

test('the examples of RFC 7541 appendix C encode and decode', () => {
  const examples: [string, string][] = [
    ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
    ['no-cache', 'a8eb10649cbf'],
    ['custom-key', '25a849e95ba97d7f'],
    ['custom-value', '25a849e95bb8e8b4bf'],
    ['302', '6402'],
    ['private', 'aec3771a4b'],
    ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07abe941054d444a8200595040b8166e082a62d1bff'],
    ['https://www.example.com', '9d29ad171863c78f0b97c8e9ae82ae43d3'],
    [
      'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
      '94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
    ],
  ];
  for (const [text, hex] of examples) {
    assert.equal(encode(text).toString('hex'), hex);
    assert.equal(decode(Buffer.from(hex, 'hex')), text);
    assert.equal(huffmanLength(text), hex.length / 2);
  }
});

test('every byte survives encoding and decoding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = Buffer.from(bytes).toString('latin1');
      const coded = encode(text);
      return decode(coded) === text && coded.length === huffmanLength(text);
    }),
  );
});

test('wrong padding and EOS are refused', () => {
  assert.equal(decode(Buffer.from('a8eb10649cbfff', 'hex')), undefined, 'eight bits of padding');
  assert.equal(decode(Buffer.from([0b00011000])), undefined, 'padding of zeros');
  assert.equal(decode(Buffer.from([0xff, 0xff, 0xff, 0xff])), undefined, 'EOS');
  assert.equal(decode(Buffer.from([0xff])), undefined, 'padding only');
});

test('arbitrary bytes never read past the end nor overrun the target', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const target = new Uint8Array(Math.ceil((bytes.length * 8) / 5) + 1);
      const written = huffmanDecode(bytes, 0, bytes.length, target);
      return written <= Math.ceil((bytes.length * 8) / 5);
    }),
  );
});

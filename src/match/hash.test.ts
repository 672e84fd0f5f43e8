import assert from 'node:assert/strict';
import { test } from 'node:test';
import { murmurHash2, xxHash64 } from './hash.ts';

test('xxHash64 has its published values', () => {
  assert.equal(xxHash64(''), 0xef46_db37_51d8_e999n);
  assert.equal(xxHash64('foo'), 3728699739546630719n);
  assert.equal(xxHash64('bar'), 5234164152756840025n);
});

test('MurmurHash2 has the values of std::hash on 64-bit libstdc++', () => {
  assert.equal(murmurHash2('foo'), 9631199822919835226n);
  assert.equal(murmurHash2('bar'), 11474628671133349555n);
});

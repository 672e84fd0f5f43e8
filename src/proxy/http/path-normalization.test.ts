import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasEscapedSlash, mergeSlashes, normalizePath, unescapeSlashes } from './path-normalization.ts';

const normalized: Record<string, string> = {
  '/a/b': '/a/b',
  '/a/./b': '/a/b',
  '/a/../b': '/b',
  '/../../b': '/b',
  '/a/..': '/',
  '/a/b/.': '/a/b/',
  '/%61%2Db': '/a-b',
  '/%2e%2e/x': '/x',
  '/a%2fb': '/a%2fb',
  '/%252f': '/%252f',
  '\\a\\..\\b': '/b',
  '/a?b=/../c': '/a?b=/../c',
  '/a%zz': '/a%zz',
};
for (const [path, wanted] of Object.entries(normalized)) {
  test(`${path} becomes ${wanted}`, () => {
    assert.equal(normalizePath(path), wanted);
    assert.equal(normalizePath(wanted), wanted, 'and stays so');
  });
}

test('a NUL is refused', () => assert.equal(normalizePath('/a%00b'), undefined));

test('slashes merge in the path only', () => {
  assert.equal(mergeSlashes('//a///b?c=//d'), '/a/b?c=//d');
  assert.equal(mergeSlashes('/a?b=//c'), '/a?b=//c');
});

test('escaped slashes are seen in the path only', () => {
  assert.deepEqual(['/a%2Fb', '/a%5cb', '/a?b=%2f', '/a%252f'].map(hasEscapedSlash), [
    true,
    true,
    false,
    false,
  ]);
  assert.equal(unescapeSlashes('/a%2fb%5Cc?d=%2f'), '/a/b\\c?d=%2f');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRegex, groupCount, highestGroup, nativeForm, type Regex } from './regex.ts';

const regex = (pattern: string) => compileRegex(pattern) as Regex;

test('matching is of the whole text', () => {
  assert.equal(regex('a|ab').matches('ab'), true);
  assert.equal(regex('a').matches('ab'), false);
  assert.equal(regex('a').contains('ba'), true);
  assert.equal(regex('a$').matches('a\n'), false);
});

test('what RE2 does not know is refused with its reason', () => {
  for (const pattern of ['(?=x)', '(a)\\1', '(', 'a**', '[z-a]'])
    assert.equal(typeof compileRegex(pattern), 'string', pattern);
  assert.match(compileRegex('a'.repeat(40_000)) as string, /longer than/);
});

test('catastrophic patterns take linear time', () => {
  const subject = `${'a'.repeat(50_000)}!`;
  const start = performance.now();
  for (const pattern of ['(a+)+b', '(a|a)*b', '(.*)(.*)(.*)b', '([a-z]+)*c'])
    assert.equal(regex(pattern).matches(subject), false);
  assert.ok(performance.now() - start < 5_000);
});

test('the built-in engine is used only for patterns without ambiguity', () => {
  for (const pattern of ['/a/[^/]+/b', '/v\\d/.*', 'abc', '(a|b)c?', '/x/.*\\.html'])
    assert.notEqual(nativeForm(pattern), undefined, pattern);
  for (const pattern of [
    '.*.*',
    '(a+)+',
    '(a|b)+',
    '(?i)a',
    '\\s',
    'a{3}',
    '\\bword',
    '(a)(?:b)',
    '^a',
    '(a',
  ])
    assert.equal(nativeForm(pattern), undefined, pattern);
});

test('both engines agree on patterns the built-in one takes', () => {
  const texts = [
    '/a/x/b',
    '/a//b',
    '/v1/',
    '/v1/\n',
    'abc',
    'bc',
    'ac',
    'c',
    '/x/a.html',
    '/x/ahtml',
    '',
    'é',
  ];
  for (const pattern of ['/a/[^/]+/b', '/v\\d/.*', 'abc', '(a|b)c?', '/x/.*\\.html', '|a', '.']) {
    const general = compileRegex(`(?:${pattern})`) as Regex;
    for (const text of texts)
      assert.equal(
        regex(pattern).matches(text),
        general.matches(text),
        `${pattern} on ${JSON.stringify(text)}`,
      );
  }
});

test("replacements are RE2's", () => {
  assert.equal(
    regex('^/service/([^/]+)(/.*)$').replaceAll('/service/foo/v1/api', '\\2/instance/\\1'),
    '/v1/api/instance/foo',
  );
  assert.equal(regex('one').replaceAll('/xxx/one/yyy/one/zzz', 'two'), '/xxx/two/yyy/two/zzz');
  assert.equal(regex('a').replaceAll('a', '$1\\\\'), '$1\\');
  assert.equal(highestGroup('\\2 \\0 \\\\9'), 2);
  assert.equal(highestGroup('\\x'), -1);
  assert.equal(groupCount('(a)(?:b)(c)'), 2);
});

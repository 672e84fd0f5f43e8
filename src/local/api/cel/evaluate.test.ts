import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ruleFault } from './check-rule.ts';
import { evaluateCondition } from './evaluate.ts';

const self = {
  size: 5,
  name: 'abc',
  tags: ['a', 'b'],
  map: { x: 1 },
  cpu: '500m',
  address: '10.0.0.7',
  url: 'https://a.example:8443/p',
};

describe('expressions are true', () => {
  const expressions = [
    'self.size > 4 && self.size in [5, 6]',
    "self.tags.all(t, t.matches('^[a-z]$')) && self.tags.exists(t, t == 'b')",
    "has(self.map.x) && !has(self.map.y) && 'x' in self.map",
    "self.name.startsWith('a') && self.name.find('b.') == 'bc' && self.name.replace('a', 'z') == 'zbc'",
    "quantity(self.cpu).isLessThan(quantity('1')) && quantity('1Gi').asInteger() == 1073741824 && isQuantity('2k')",
    "quantity('1').add(quantity('500m')).compareTo(quantity('1500m')) == 0",
    "cidr('10.0.0.0/8').containsIP(self.address) && !cidr('10.1.0.0/16').containsIP(self.address) && ip('::1').isLoopback()",
    "url(self.url).getHost() == 'a.example:8443' && url(self.url).getPort() == '8443' && !isURL('x y')",
    '[3, 1, 2].sort() == [1, 2, 3] && [1, 2, 3].sum() == 6 && [1, 5].max() == 5 && [1, 2].isSorted()',
    "sets.contains(['a', 'b'], ['a']) && sets.equivalent([1, 2], [2, 1]) && [1, 1, 2].distinct() == [1, 2]",
    "'a1b22'.findAll('[0-9]+') == ['1', '22']",
  ];
  for (const expression of expressions) {
    test(expression, () => assert.equal(evaluateCondition(expression, { self }), true));
  }
});

test('a failing expression says why', () => {
  assert.match(String(evaluateCondition('self.nope == 1', { self })), /nope/);
  assert.match(String(evaluateCondition('self.size', { self })), /not a boolean/);
});

describe('a rule is checked against its schema', () => {
  const schema = {
    type: 'object',
    properties: {
      a: { type: 'integer' },
      l: { type: 'array', items: { type: 'object', properties: { n: {} } } },
    },
  };
  const cases: Record<string, RegExp | undefined> = {
    'self.a > 1 && oldSelf.a == self.a': undefined,
    'self.l[0].n == 1': undefined,
    'self.b > 1': /undefined field 'b'/,
    'self.l[0].q == 1': /undefined field 'q'/,
    'self = 42': /<input>:1:6: Syntax error/,
  };
  for (const [rule, fault] of Object.entries(cases)) {
    test(rule, () => {
      const found = ruleFault(rule, schema);
      if (fault === undefined) assert.equal(found, undefined);
      else assert.match(String(found), fault);
    });
  }
});

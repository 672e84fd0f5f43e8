import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bySpecificity, fullHost, hostsOverlap, hostWithin } from './host.ts';

test('short names are relative to the namespace of the rule, names with dots and wildcards are not', () => {
  const rows: [string, string][] = [
    ['reviews', 'reviews.shop.svc.cluster.local'],
    ['Reviews', 'reviews.shop.svc.cluster.local'],
    ['reviews.other', 'reviews.other'],
    ['example.com', 'example.com'],
    ['*', '*'],
    ['*.example.com', '*.example.com'],
    ['2001:db8::1', '2001:db8::1'],
  ];
  for (const [host, full] of rows) assert.equal(fullHost(host, 'shop', 'cluster.local'), full);
});

test('a wildcard holds every host with its suffix, but not the bare domain', () => {
  const rows: [string, string, boolean][] = [
    ['*', 'a', true],
    ['*', '*', true],
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'b.a.example.com', true],
    ['*.example.com', '*.a.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '.example.com', false],
    ['*.a.example.com', '*.example.com', false],
    ['a.example.com', 'a.example.com', true],
    ['a.example.com', '*.example.com', false],
  ];
  for (const [pattern, host, within] of rows)
    assert.equal(hostWithin(pattern, host), within, `${host} in ${pattern}`);
  assert.ok(hostsOverlap('a.example.com', '*.example.com'));
  assert.ok(!hostsOverlap('*.example.com', '*.example.org'));
});

test('exact hosts come before wildcards, long ones before short', () => {
  const hosts = ['*', '*.example.com', 'a.example.com', '*.a.example.com'];
  assert.deepEqual(hosts.sort(bySpecificity), ['a.example.com', '*.a.example.com', '*.example.com', '*']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, protoDuration } from './duration.ts';

test('durations are read as Go writes them', () => {
  const rows: [string, number | undefined][] = [
    ['1s', 1000],
    ['1.5s', 1500],
    ['100ms', 100],
    ['1h30m', 5_400_000],
    ['0', 0],
    ['0s', 0],
    ['-2s', -2000],
    ['1', undefined],
    ['s', undefined],
    ['', undefined],
    ['1s ', undefined],
  ];
  for (const [text, ms] of rows) assert.equal(parseDuration(text), ms, text);
});

test('durations are written as proto3 JSON has them', () => {
  const rows: [number, string][] = [
    [0, '0s'],
    [1500, '1.500s'],
    [1, '0.001s'],
    [0.5, '0.000500s'],
    [90_000, '90s'],
  ];
  for (const [ms, text] of rows) assert.equal(protoDuration(ms), text);
});

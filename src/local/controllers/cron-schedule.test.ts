import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCron } from './cron-schedule.ts';

function next(expression: string, after: string): string {
  const schedule = parseCron(expression);
  assert.ok(!('error' in schedule), expression);
  const found = schedule.next(new Date(after).getTime());
  return found === undefined ? 'never' : new Date(found).toString().slice(4, 21);
}

test('schedules are read field by field', () => {
  assert.equal(next('*/15 * * * *', '2026-01-01T10:07:30'), 'Jan 01 2026 10:15');
  assert.equal(next('0 9-17/4 * * mon-fri', '2026-01-02T17:30:00'), 'Jan 05 2026 09:00');
  assert.equal(next('30 2 29 feb *', '2026-01-01T00:00:00'), 'Feb 29 2028 02:30');
  assert.equal(next('@daily', '2026-01-01T00:00:00'), 'Jan 02 2026 00:00');
  assert.equal(next('0 0 31 2 *', '2026-01-01T00:00:00'), 'never');
});

test('day of month and day of week together mean either', () => {
  assert.equal(next('0 0 13 * fri', '2026-01-10T00:00:00'), 'Jan 13 2026 00:00');
  assert.equal(next('0 0 20 * 7', '2026-01-10T00:00:00'), 'Jan 11 2026 00:00');
});

test('a wrong schedule is told with its field', () => {
  for (const [text, what] of [
    ['* * * *', /expected 5 fields/],
    ['61 * * * *', /field 1/],
    ['* * * foo *', /field 4/],
  ] as const) {
    const parsed = parseCron(text);
    assert.ok('error' in parsed);
    assert.match(parsed.error, what);
  }
});

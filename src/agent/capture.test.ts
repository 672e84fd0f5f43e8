import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultCapture } from '../inject/iptables.ts';
import { applyCapture, type RunCommand } from './capture.ts';

const settings = { ...defaultCapture, includeInboundPorts: '*', includeRanges: '*' };

function recorder(answers: Record<string, number>): { run: RunCommand; calls: string[] } {
  const calls: string[] = [];
  const run: RunCommand = (file, args) => {
    const call = `${file} ${args.join(' ')}`;
    calls.push(call);
    return { status: answers[call] ?? answers[file] ?? 0, output: '' };
  };
  return { run, calls };
}

const fresh = { 'iptables -t nat -S ISTIO_OUTPUT': 1, 'ip6tables -t nat -S ISTIO_OUTPUT': 1 };

test('both families are restored', () => {
  const { run, calls } = recorder(fresh);
  assert.equal(
    applyCapture(settings, () => undefined, run),
    0,
  );
  assert.deepEqual(
    calls.filter((call) => call.includes('restore')),
    ['iptables-restore --noflush', 'ip6tables-restore --noflush'],
  );
});

test('a machine without IPv6 nat is still captured, and says so', () => {
  const printed: string[] = [];
  const { run } = recorder({ ...fresh, 'ip6tables-restore': 3 });
  assert.equal(
    applyCapture(settings, (text) => printed.push(text), run),
    0,
  );
  assert.match(printed.join(''), /IPv6 is not captured/);
});

test('failing IPv4 rules fail the container', () => {
  assert.equal(
    applyCapture(settings, () => undefined, recorder({ ...fresh, 'iptables-restore': 2 }).run),
    1,
  );
});

test('rules of an earlier run are removed first', () => {
  const { run, calls } = recorder({});
  applyCapture(settings, () => undefined, run);
  assert.ok(calls.indexOf('iptables -t nat -X ISTIO_OUTPUT') < calls.indexOf('iptables-restore --noflush'));
});

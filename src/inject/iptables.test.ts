import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultCapture, planCapture } from './iptables.ts';

const injected = {
  ...defaultCapture,
  includeInboundPorts: '*',
  excludeInboundPorts: '15090,15021,15020',
  includeRanges: '*',
};

test('the default capture is the chain set of Istio 1.6 (seeds/002), line for line', () => {
  assert.equal(
    planCapture(injected).v4,
    `* nat
-N ISTIO_REDIRECT
-N ISTIO_IN_REDIRECT
-N ISTIO_INBOUND
-N ISTIO_OUTPUT
-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006
-A PREROUTING -p tcp -j ISTIO_INBOUND
-A ISTIO_INBOUND -p tcp --dport 22 -j RETURN
-A ISTIO_INBOUND -p tcp --dport 15090 -j RETURN
-A ISTIO_INBOUND -p tcp --dport 15021 -j RETURN
-A ISTIO_INBOUND -p tcp --dport 15020 -j RETURN
-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT
-A OUTPUT -p tcp -j ISTIO_OUTPUT
-A ISTIO_OUTPUT -o lo -s 127.0.0.6/32 -j RETURN
-A ISTIO_OUTPUT -o lo ! -d 127.0.0.1/32 -m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT
-A ISTIO_OUTPUT -o lo -m owner ! --uid-owner 1337 -j RETURN
-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN
-A ISTIO_OUTPUT -o lo ! -d 127.0.0.1/32 -m owner --gid-owner 1337 -j ISTIO_IN_REDIRECT
-A ISTIO_OUTPUT -o lo -m owner ! --gid-owner 1337 -j RETURN
-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN
-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN
-A ISTIO_OUTPUT -j ISTIO_REDIRECT
COMMIT
`,
  );
});

const contains: [string, Partial<typeof injected>, 4 | 6, string, boolean][] = [
  [
    'listed inbound ports are captured one by one',
    { includeInboundPorts: '80,443' },
    4,
    '-A ISTIO_INBOUND -p tcp --dport 443 -j ISTIO_IN_REDIRECT',
    true,
  ],
  [
    'listed inbound ports leave others alone',
    { includeInboundPorts: '80' },
    4,
    '-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT',
    false,
  ],
  [
    'no inbound ports means no inbound chain',
    { includeInboundPorts: '' },
    4,
    '-A PREROUTING -p tcp -j ISTIO_INBOUND',
    false,
  ],
  [
    'excluded ranges return before the redirect',
    { excludeRanges: '10.0.0.0/8,fd00::/8' },
    4,
    '-A ISTIO_OUTPUT -d 10.0.0.0/8 -j RETURN',
    true,
  ],
  ['ranges of the other family stay out', { excludeRanges: '10.0.0.0/8,fd00::/8' }, 4, 'fd00::/8', false],
  [
    'ranges of IPv6 go into its table',
    { excludeRanges: '10.0.0.0/8,fd00::/8' },
    6,
    '-A ISTIO_OUTPUT -d fd00::/8 -j RETURN',
    true,
  ],
  [
    'listed ranges end in a return',
    { includeRanges: '10.96.0.0/12' },
    4,
    '-A ISTIO_OUTPUT -d 10.96.0.0/12 -j ISTIO_REDIRECT\n-A ISTIO_OUTPUT -j RETURN',
    true,
  ],
  [
    'excluded outbound ports return first',
    { excludeOutboundPorts: '3306' },
    4,
    '-A OUTPUT -p tcp -j ISTIO_OUTPUT\n-A ISTIO_OUTPUT -p tcp --dport 3306 -j RETURN',
    true,
  ],
  ['IPv6 uses its own loopback', {}, 6, '-A ISTIO_OUTPUT -d ::1/128 -j RETURN', true],
];

for (const [name, change, family, line, present] of contains) {
  test(name, () => {
    const plan = planCapture({ ...injected, ...change });
    assert.equal((family === 4 ? plan.v4 : plan.v6).includes(line), present);
  });
}

test('interception mode NONE applies nothing', () => {
  assert.deepEqual(planCapture({ ...injected, mode: 'NONE' }), { v4: '', v6: '' });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../../xds/decode.ts';
import { Cluster } from '../../xds/messages/cluster.ts';
import { balancerConfig } from '../config/balancer.ts';
import { HealthFlag } from '../upstream/host.ts';
import type { LoadBalancerEnvironment } from '../upstream/load-balancer.ts';
import { createBalancer } from './index.ts';
import {
  assignment,
  balancerEnvironment,
  context,
  type HostGiven,
  liveHosts,
  tally,
} from './testing/hosts.ts';

function setUp(cluster: object, hosts: readonly HostGiven[], parts: Partial<LoadBalancerEnvironment> = {}) {
  const { value, issues } = decode(Cluster, { name: 'c', ...cluster });
  assert.deepEqual(issues, []);
  const live = liveHosts(hosts);
  const env = balancerEnvironment(live, parts);
  return { balancer: createBalancer(balancerConfig(value!), env), live, env };
}
const three: HostGiven[] = [{ port: 1 }, { port: 2 }, { port: 3 }];

test('round robin takes hosts in turn', () => {
  const { balancer } = setUp({}, three);
  assert.deepEqual(
    tally(9, () => balancer.choose(context())),
    { 1: 3, 2: 3, 3: 3 },
  );
});

test('weights share requests out exactly', () => {
  const { balancer } = setUp({}, [
    { port: 1, weight: 1 },
    { port: 2, weight: 3 },
    { port: 3, weight: 6 },
  ]);
  assert.deepEqual(
    tally(1000, () => balancer.choose(context())),
    { 1: 100, 2: 300, 3: 600 },
  );
});

test('least request prefers the idler of two random hosts', () => {
  const { balancer, live } = setUp(
    { lb_policy: 'LEAST_REQUEST', least_request_lb_config: { choice_count: 10 } },
    three,
  );
  for (const host of live.all) host.stats.rqActive = host.address.port === 2 ? 0 : 5;
  const counts = tally(200, () => balancer.choose(context()));
  assert.ok((counts['2'] ?? 0) > 190, JSON.stringify(counts));
});

test('random spreads evenly', () => {
  const { balancer } = setUp({ lb_policy: 'RANDOM' }, three);
  for (const count of Object.values(tally(3000, () => balancer.choose(context()))))
    assert.ok(count > 900 && count < 1100, String(count));
});

test('ring hash and Maglev give one key one host, and move few keys when a host goes', () => {
  for (const lb_policy of ['RING_HASH', 'MAGLEV']) {
    const { balancer, live } = setUp({ lb_policy }, [...three, { port: 4 }]);
    const keys = Array.from(
      { length: 500 },
      (_, i) => (BigInt(i) * 0x9e37_79b9_7f4a_7c15n) & 0xffff_ffff_ffff_ffffn,
    );
    const before = keys.map((hash) => balancer.choose(context({ hash }))?.address.port);
    assert.deepEqual(
      keys.map((hash) => balancer.choose(context({ hash }))?.address.port),
      before,
    );
    live.update(assignment(three), 0);
    const moved = keys.filter(
      (hash, i) => before[i] !== 4 && balancer.choose(context({ hash }))?.address.port !== before[i],
    );
    assert.ok(moved.length < 100, `${lb_policy} moved ${moved.length}`);
  }
});

test('a Maglev table must have a prime size, a ring no minimum above its maximum', () => {
  const config = (cluster: object) => balancerConfig(decode(Cluster, { name: 'c', ...cluster }).value!);
  assert.throws(() => config({ lb_policy: 'MAGLEV', maglev_lb_config: { table_size: 100 } }), /prime/);
  assert.throws(
    () =>
      config({
        lb_policy: 'RING_HASH',
        ring_hash_lb_config: { minimum_ring_size: 10, maximum_ring_size: 5 },
      }),
    /minimum_ring_size/,
  );
});

test('a priority spills over as its health falls, overprovisioned by 1.4', () => {
  const hosts = (bad: number): HostGiven[] => [
    ...Array.from({ length: 10 }, (_, i) => ({ port: 10 + i, unhealthy: i < bad })),
    ...Array.from({ length: 10 }, (_, i) => ({ port: 30 + i, priority: 1 })),
  ];
  const share = (bad: number) => {
    const { balancer } = setUp({ lb_policy: 'RANDOM' }, hosts(bad));
    const counts = tally(2000, () => balancer.choose(context()));
    return Object.entries(counts).reduce((sum, [port, n]) => sum + (Number(port) < 30 ? n : 0), 0) / 2000;
  };
  assert.equal(share(0), 1);
  assert.equal(share(2), 1);
  assert.ok(Math.abs(share(5) - 0.7) < 0.05);
  assert.equal(share(10), 0);
});

test('below the panic threshold every host is used, unless the threshold is 0', () => {
  const bad = three.map((host, i) => ({ ...host, unhealthy: i < 2 }));
  const { balancer, env } = setUp({}, bad);
  assert.deepEqual(
    tally(9, () => balancer.choose(context())),
    { 1: 3, 2: 3, 3: 3 },
  );
  assert.equal(env.counters.get('lb_healthy_panic')?.value, 9);
  const none = setUp({ common_lb_config: { healthy_panic_threshold: { value: 0 } } }, bad);
  assert.deepEqual(
    tally(9, () => none.balancer.choose(context())),
    { 3: 9 },
  );
});

test('degraded hosts are used only when healthy ones do not suffice', () => {
  const { balancer } = setUp({}, [{ port: 1 }, { port: 2, degraded: true }]);
  assert.deepEqual(Object.keys(tally(50, () => balancer.choose(context()))).sort(), ['1', '2']);
  const enough = setUp({}, [{ port: 1 }, { port: 3 }, { port: 4 }, { port: 2, degraded: true }]);
  assert.equal(tally(90, () => enough.balancer.choose(context()))['2'], undefined);
});

test('locality weights divide requests between localities', () => {
  const { balancer } = setUp({ common_lb_config: { locality_weighted_lb_config: {} } }, [
    { port: 1, zone: 'a', localityWeight: 1 },
    { port: 2, zone: 'b', localityWeight: 3 },
    { port: 3, zone: 'b', localityWeight: 3 },
  ]);
  const counts = tally(400, () => balancer.choose(context()));
  assert.equal(counts['1'], 100);
  assert.equal((counts['2'] ?? 0) + (counts['3'] ?? 0), 300);
});

test('zone-aware routing stays in the own zone while it has its share', () => {
  const upstream: HostGiven[] = [1, 2, 3].flatMap((n) => [
    { port: n, zone: 'a' },
    { port: n + 10, zone: 'b' },
  ]);
  const local = (hosts: HostGiven[]) => ({ zone: 'a', region: 'r', subZone: '', hosts: liveHosts(hosts) });
  const even = setUp({}, upstream, {
    local: local([
      { port: 1, zone: 'a' },
      { port: 2, zone: 'b' },
    ]),
  });
  assert.ok(
    Object.keys(tally(100, () => even.balancer.choose(context()))).every((port) => Number(port) < 10),
  );
  const crowded = setUp({}, upstream, {
    local: local([
      { port: 1, zone: 'a' },
      { port: 2, zone: 'a' },
      { port: 3, zone: 'a' },
      { port: 4, zone: 'b' },
    ]),
  });
  const counts = tally(3000, () => crowded.balancer.choose(context()));
  const stayed =
    Object.entries(counts).reduce((sum, [port, n]) => sum + (Number(port) < 10 ? n : 0), 0) / 3000;
  assert.ok(Math.abs(stayed - 2 / 3) < 0.05, String(stayed));
});

test('subsets: exact keys, fallbacks, and following changes', () => {
  const subset = {
    fallback_policy: 'DEFAULT_SUBSET',
    default_subset: { stage: 'prod' },
    subset_selectors: [{ keys: ['version'] }, { keys: ['stage', 'version'], fallback_policy: 'NO_FALLBACK' }],
  };
  const hosts: HostGiven[] = [
    { port: 1, metadata: { version: 'v1', stage: 'prod' } },
    { port: 2, metadata: { version: 'v2', stage: 'prod' } },
    { port: 3, metadata: { version: 'v2', stage: 'dev' } },
  ];
  const { balancer, live } = setUp({ lb_subset_config: subset }, hosts);
  const ports = (match: [string, string][] | undefined) =>
    Object.keys(tally(20, () => balancer.choose(context({ metadataMatch: match }))));
  assert.deepEqual(ports([['version', 'v1']]), ['1']);
  assert.deepEqual(ports([['version', 'v2']]), ['2', '3']);
  assert.deepEqual(
    ports([
      ['stage', 'dev'],
      ['version', 'v2'],
    ]),
    ['3'],
  );
  assert.deepEqual(
    ports([
      ['stage', 'dev'],
      ['version', 'v1'],
    ]),
    ['none'],
  );
  assert.deepEqual(ports([['version', 'v9']]), ['1', '2']);
  assert.deepEqual(ports(undefined), ['1', '2']);
  live.update(assignment([...hosts.slice(1), { port: 9, metadata: { version: 'v9', stage: 'prod' } }]), 0);
  assert.deepEqual(ports([['version', 'v9']]), ['9']);
  assert.deepEqual(ports([['version', 'v1']]), ['2', '9']);
});

test('KEYS_SUBSET falls back to fewer keys', () => {
  const subset = {
    subset_selectors: [
      { keys: ['a', 'b'], fallback_policy: 'KEYS_SUBSET', fallback_keys_subset: ['a'] },
      { keys: ['a'] },
    ],
  };
  const { balancer } = setUp({ lb_subset_config: subset }, [
    { port: 1, metadata: { a: '1', b: '1' } },
    { port: 2, metadata: { a: '2', b: '2' } },
  ]);
  assert.equal(
    balancer.choose(
      context({
        metadataMatch: [
          ['a', '2'],
          ['b', '9'],
        ],
      }),
    )?.address.port,
    2,
  );
});

test('slow start gives a new host less until its window has passed', () => {
  let now = 0;
  const slow_start_config = { slow_start_window: '10s', min_weight_percent: { value: 10 } };
  const { balancer, live } = setUp({ round_robin_lb_config: { slow_start_config } }, [{ port: 1 }], {
    clock: { monotonic: () => now },
  });
  now = 100_000;
  live.update(assignment([{ port: 1 }, { port: 2 }]), now);
  const early = tally(220, () => balancer.choose(context()))['2'] ?? 0;
  assert.ok(early > 10 && early < 40, String(early));
  now += 20_000;
  const late = tally(200, () => balancer.choose(context()))['2'] ?? 0;
  assert.ok(Math.abs(late - 100) <= 1, String(late));
});

test('a retry predicate gets another host, within its attempts', () => {
  const { balancer } = setUp({}, three);
  const first = balancer.choose(context());
  const second = balancer.choose(context({ shouldReselect: (host) => host === first, maxReselections: 3 }));
  assert.notEqual(second, first);
  assert.notEqual(balancer.choose(context({ shouldReselect: () => true, maxReselections: 3 })), undefined);
});

test('a session gets its host while that may be used', () => {
  const { balancer, live } = setUp({}, three);
  const wanted = context({ overrideHost: '10.0.0.1:2' });
  assert.deepEqual(
    tally(5, () => balancer.choose(wanted)),
    { 2: 5 },
  );
  const host = live.find('10.0.0.1:2');
  host?.setHealthFlag(HealthFlag.failedActiveHealthCheck);
  live.healthChanged([]);
  assert.equal(tally(6, () => balancer.choose(wanted))['2'], undefined);
  assert.equal(balancer.choose(context({ overrideHost: '10.0.0.1:2', overrideHostStrict: true })), undefined);
});

test('no hosts, no choice', () => {
  for (const lb_policy of ['ROUND_ROBIN', 'LEAST_REQUEST', 'RANDOM', 'RING_HASH', 'MAGLEV'])
    assert.equal(setUp({ lb_policy }, []).balancer.choose(context()), undefined, lb_policy);
});

test('bounded loads pass over a host that has too much', () => {
  const { balancer, live } = setUp(
    {
      lb_policy: 'RING_HASH',
      common_lb_config: { consistent_hashing_lb_config: { hash_balance_factor: 110 } },
    },
    three,
  );
  const first = balancer.choose(context({ hash: 7n }));
  first!.stats.rqActive = 50;
  assert.notEqual(balancer.choose(context({ hash: 7n })), first);
  assert.equal([...live.all].length, 3);
});

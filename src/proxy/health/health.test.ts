import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { decode } from '../../xds/decode.ts';
import { Cluster } from '../../xds/messages/cluster.ts';
import { assignment, liveHosts } from '../balancer/testing/hosts.ts';
import { compileHealth } from '../config/health.ts';
import { HealthFlag, type Host } from '../upstream/host.ts';
import type { HealthCheckEnvironment, OutlierMonitor } from '../upstream/load-balancer.ts';

type Request = HealthCheckEnvironment['request'];
const answer = (
  status: number,
  headers: string[] = [],
  body: Buffer = Buffer.alloc(0),
  trailers: string[] = [],
) => ({
  status,
  headers,
  trailers,
  body,
  closed: true,
});

function setUp(ports: number[], flags = 0) {
  const clock = new FakeClock();
  const live = liveHosts(ports.map((port) => ({ port })));
  for (const host of live.all) host.healthFlags = flags;
  live.healthChanged([]);
  const counters = new Map<string, { value: number }>();
  const stat = (name: string) => {
    const found = counters.get(name) ?? { value: 0 };
    counters.set(name, found);
    return found;
  };
  const env = {
    clusterName: 'c',
    hosts: live,
    clock,
    after: (ms: number, fn: () => void) => clock.after(ms, fn),
    random: () => 0,
    stats: { counter: stat, gauge: stat },
    connect: () => {},
    request: (() => Promise.reject(new Error('unset'))) as Request,
    log: { info() {} },
  };
  const count = (name: string) => counters.get(name)?.value ?? 0;
  const host = (port: number) => live.find(`10.0.0.1:${port}`) as Host;
  return { clock, live, env, count, host };
}

function compile(fields: object) {
  const { value, issues } = decode(Cluster, { name: 'c', ...fields });
  assert.deepEqual(issues, []);
  return compileHealth(value!);
}

const http = {
  timeout: '1s',
  interval: '10s',
  unhealthy_threshold: 2,
  healthy_threshold: 2,
  no_traffic_interval: '10s',
  http_health_check: { path: '/h' },
};
const waiting = HealthFlag.failedActiveHealthCheck | HealthFlag.pendingActiveHealthCheck;

test('one success makes a new host healthy; recovering takes the threshold', async () => {
  const t = setUp([1], waiting);
  let status = 200;
  t.env.request = async () => answer(status);
  const checker = compile({ health_checks: [http] }).checks!(t.env);
  await t.clock.advance(0);
  assert.equal(t.host(1).health, 'healthy');
  status = 503;
  await t.clock.advance(10_000);
  assert.equal(t.host(1).health, 'unhealthy', 'a wrong status counts at once');
  status = 200;
  await t.clock.advance(10_000);
  assert.equal(t.host(1).health, 'unhealthy');
  await t.clock.advance(10_000);
  assert.equal(t.host(1).health, 'healthy');
  assert.deepEqual(
    [t.count('health_check.attempt'), t.count('health_check.success'), t.count('health_check.failure')],
    [4, 3, 1],
  );
  checker.close();
  assert.equal(t.clock.pending, 0);
});

test('network failures take the unhealthy threshold', async () => {
  const t = setUp([1], waiting);
  let fails = false;
  t.env.request = () => (fails ? Promise.reject(new Error('reset')) : Promise.resolve(answer(200)));
  compile({ health_checks: [http] }).checks!(t.env);
  await t.clock.advance(0);
  fails = true;
  await t.clock.advance(10_000);
  assert.equal(t.host(1).health, 'healthy');
  await t.clock.advance(10_000);
  assert.equal(t.host(1).health, 'unhealthy');
  assert.equal(t.count('health_check.network_failure'), 2);
});

test('x-envoy-degraded degrades, other statuses can be expected', async () => {
  const t = setUp([1], waiting);
  t.env.request = async () => answer(204, ['x-envoy-degraded', '']);
  compile({
    health_checks: [
      { ...http, http_health_check: { path: '/h', expected_statuses: [{ start: 200, end: 300 }] } },
    ],
  }).checks!(t.env);
  await t.clock.advance(0);
  assert.equal(t.host(1).health, 'degraded');
});

test('gRPC: serving is healthy, everything else is not', async () => {
  const serving = Buffer.from([0, 0, 0, 0, 2, 0x08, 1]);
  for (const [body, trailers, health] of [
    [serving, ['grpc-status', '0'], 'healthy'],
    [Buffer.from([0, 0, 0, 0, 2, 0x08, 2]), ['grpc-status', '0'], 'unhealthy'],
    [serving, ['grpc-status', '12'], 'unhealthy'],
  ] as const) {
    const t = setUp([1], waiting);
    let sent: Buffer | undefined;
    t.env.request = async (_host, _head, frame) => {
      sent = frame;
      return answer(200, [], body, [...trailers]);
    };
    compile({
      health_checks: [{ ...http, http_health_check: null, grpc_health_check: { service_name: 'svc' } }],
    }).checks!(t.env);
    await t.clock.advance(0);
    assert.equal(t.host(1).health, health);
    assert.deepEqual(sent, Buffer.from([0, 0, 0, 0, 5, 0x0a, 3, ...Buffer.from('svc')]));
  }
});

test('hosts that leave are not checked any more', async () => {
  const t = setUp([1, 2], waiting);
  const checked: number[] = [];
  t.env.request = async (host) => {
    checked.push(host.address.port);
    return answer(200);
  };
  compile({ health_checks: [http] }).checks!(t.env);
  await t.clock.advance(0);
  t.live.update(assignment([{ port: 2 }, { port: 3 }]), 0);
  await t.clock.advance(10_000);
  assert.deepEqual(checked.sort(), [1, 2, 2, 3, 3]);
});

function outlier(config: object, ports: number[]) {
  const t = setUp(ports);
  const monitor: OutlierMonitor = compile({ outlier_detection: { max_ejection_percent: 100, ...config } })
    .outlier!(t.env);
  const fail = (port: number, times: number, status = 500) => {
    for (let i = 0; i < times; i++) monitor.onStatus(t.host(port), status);
  };
  return { ...t, monitor, fail };
}

test('consecutive 5xx eject, a success in between does not', async () => {
  const t = outlier({ consecutive_5xx: 3 }, [1, 2]);
  t.fail(1, 2);
  t.monitor.onStatus(t.host(1), 200);
  t.fail(1, 2);
  assert.equal(t.host(1).health, 'healthy');
  t.fail(1, 1);
  assert.equal(t.host(1).health, 'unhealthy');
  assert.equal(t.count('outlier_detection.ejections_active'), 1);
  assert.equal(t.count('outlier_detection.ejections_enforced_consecutive_5xx'), 1);
});

test('ejections last the base time, longer each time, and end', async () => {
  const t = outlier({ consecutive_5xx: 1, interval: '1s', base_ejection_time: '5s' }, [1, 2]);
  t.fail(1, 1);
  await t.clock.advance(4_000);
  assert.equal(t.host(1).health, 'unhealthy');
  await t.clock.advance(1_000);
  assert.equal(t.host(1).health, 'healthy');
  t.fail(1, 1);
  await t.clock.advance(9_000);
  assert.equal(t.host(1).health, 'unhealthy');
  await t.clock.advance(1_000);
  assert.equal(t.host(1).health, 'healthy');
});

test('no more than the allowed share is out at once', () => {
  const t = outlier({ consecutive_5xx: 1, max_ejection_percent: 50 }, [1, 2, 3, 4]);
  for (const port of [1, 2, 3, 4]) t.fail(port, 1);
  assert.deepEqual(
    [1, 2, 3, 4].map((p) => t.host(p).health),
    ['unhealthy', 'unhealthy', 'healthy', 'healthy'],
  );
  assert.equal(t.count('outlier_detection.ejections_overflow'), 2);
});

test('one host can always be ejected where that is asked for', () => {
  for (const always_eject_one_host of [false, true]) {
    const t = outlier({ consecutive_5xx: 1, max_ejection_percent: 10, always_eject_one_host }, [1, 2]);
    t.fail(1, 1);
    assert.equal(t.host(1).health, always_eject_one_host ? 'unhealthy' : 'healthy');
  }
});

test('gateway failures count by themselves and only when enforced', () => {
  const t = outlier(
    { consecutive_5xx: 100, consecutive_gateway_failure: 2, enforcing_consecutive_gateway_failure: 100 },
    [1, 2],
  );
  t.fail(1, 1, 503);
  t.fail(1, 1, 500);
  t.fail(1, 1, 503);
  assert.equal(t.host(1).health, 'healthy');
  t.fail(1, 1, 502);
  assert.equal(t.host(1).health, 'unhealthy');
});

test('local-origin failures count apart when split, as 503 and 504 when not', () => {
  const joint = outlier({ consecutive_5xx: 2 }, [1, 2]);
  joint.monitor.onLocalOriginFailure(joint.host(1), 'connect-failed');
  joint.monitor.onLocalOriginFailure(joint.host(1), 'timeout');
  assert.equal(joint.host(1).health, 'unhealthy');
  const split = outlier(
    { consecutive_5xx: 2, split_external_local_origin_errors: true, consecutive_local_origin_failure: 3 },
    [1, 2],
  );
  for (let i = 0; i < 2; i++) split.monitor.onLocalOriginFailure(split.host(1), 'reset');
  assert.equal(split.host(1).health, 'healthy');
  split.monitor.onLocalOriginFailure(split.host(1), 'reset');
  assert.equal(split.host(1).health, 'unhealthy');
});

test('success rate: a host far below its peers is ejected', async () => {
  const t = outlier(
    {
      consecutive_5xx: 1000,
      interval: '10s',
      success_rate_minimum_hosts: 5,
      success_rate_request_volume: 100,
      success_rate_stdev_factor: 1000,
    },
    [1, 2, 3, 4, 5],
  );
  for (const port of [1, 2, 3, 4, 5])
    for (let i = 0; i < 100; i++) t.monitor.onStatus(t.host(port), port === 5 && i % 2 === 0 ? 500 : 200);
  await t.clock.advance(10_000);
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((p) => t.host(p).health),
    ['healthy', 'healthy', 'healthy', 'healthy', 'unhealthy'],
  );
});

test('failure percentage: a share of failures is enough', async () => {
  const config = {
    consecutive_5xx: 1000,
    enforcing_success_rate: 0,
    enforcing_failure_percentage: 100,
    failure_percentage_threshold: 50,
    failure_percentage_minimum_hosts: 2,
  };
  const t = outlier(config, [1, 2]);
  for (let i = 0; i < 60; i++) {
    t.monitor.onStatus(t.host(1), i % 2 === 0 ? 500 : 200);
    t.monitor.onStatus(t.host(2), 200);
  }
  await t.clock.advance(10_000);
  assert.deepEqual([t.host(1).health, t.host(2).health], ['unhealthy', 'healthy']);
});

test('semantic faults are refused as Envoy does', () => {
  assert.throws(
    () => compile({ outlier_detection: { base_ejection_time: '30s', max_ejection_time: '10s' } }),
    /max_ejection_time/,
  );
  assert.throws(() => compile({ health_checks: [http, http] }), /multiple health checks/);
});

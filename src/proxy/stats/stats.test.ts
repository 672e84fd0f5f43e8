import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterStats } from './cluster-stats.ts';
import { Histogram } from './histogram.ts';
import { MeshMetrics } from './mesh-metrics.ts';
import { decodePeer, encodePeer } from './peer-metadata.ts';
import { prometheusPage } from './prometheus.ts';
import { StatsStore } from './store.ts';
import { listStats, statsText } from './text-page.ts';
import { addImage, imageOf } from './transfer.ts';

const everything = { filter: undefined, usedOnly: false, type: 'All' } as const;

test('statistics have Envoy’s names, labels and types', () => {
  const store = new StatsStore();
  const scope = store.scope('cluster', 'outbound|80||a.b');
  const stats = new ClusterStats(scope);
  stats.countStatus(200);
  stats.countStatus(503);
  store.scope('http', 'in').counter('rbac.allowed').value = 3;
  const text = statsText(listStats(store, { ...everything, usedOnly: true }));
  assert.match(text, /^cluster\.outbound\|80\|\|a\.b\.upstream_rq_200: 1$/m);
  assert.match(text, /^cluster\.outbound\|80\|\|a\.b\.upstream_rq_5xx: 1$/m);
  const page = prometheusPage(store, true);
  assert.match(page, /^# TYPE envoy_cluster_upstream_rq_xx counter$/m);
  assert.match(
    page,
    /^envoy_cluster_upstream_rq_xx\{envoy_response_code_class="5",envoy_cluster_name="outbound\|80\|\|a\.b"\} 1$/m,
  );
  assert.match(
    page,
    /^envoy_cluster_upstream_rq\{envoy_response_code="200",envoy_cluster_name="outbound\|80\|\|a\.b"\} 1$/m,
  );
  assert.match(page, /^envoy_http_rbac_allowed\{envoy_http_conn_manager_prefix="in"\} 3$/m);
});

test('histogram buckets are cumulative and quantiles lie inside', () => {
  const histogram = new Histogram();
  for (let i = 1; i <= 100; i++) histogram.record(i);
  const median = histogram.quantile(0.5);
  assert.ok(median > 40 && median < 60, String(median));
  assert.equal(histogram.count, 100);
  assert.equal(histogram.sum, 5050);
});

test('images of several threads add up; what all threads share does not', () => {
  const make = () => {
    const store = new StatsStore();
    const stats = new ClusterStats(store.scope('cluster', 'a'));
    stats.rqTotal = 5;
    stats.membershipTotal = 3;
    stats.requestMs.record(7);
    const mesh = new MeshMetrics();
    mesh.request('a="b"').count = 2;
    return imageOf(store, mesh);
  };
  const store = new StatsStore();
  const mesh = new MeshMetrics();
  for (const image of [make(), structuredClone(make())]) addImage(image, store, mesh);
  const text = statsText(listStats(store, everything));
  assert.match(text, /^cluster\.a\.upstream_rq_total: 10$/m);
  assert.match(text, /^cluster\.a\.membership_total: 3$/m);
  assert.match(mesh.page(), /^istio_requests_total\{a="b"\} 4$/m);
});

test('peer metadata comes back as it was sent', () => {
  const peer = {
    WORKLOAD_NAME: 'reviews-v1',
    NAMESPACE: 'default',
    LABELS: { app: 'reviews', long: 'x'.repeat(300) },
  };
  assert.deepEqual(structuredClone(decodePeer(encodePeer(peer))), peer);
});

for (const bad of ['!!!!', 'AAAA', 'CgE=', 'Cv////8P', 'A'.repeat(20_000)]) {
  test(`hostile peer metadata ${bad.slice(0, 12)} is harmless`, () => {
    assert.doesNotThrow(() => decodePeer(bad));
  });
}

import type { Histogram } from './histogram.ts';
import { type MeshMetrics, RequestSeries, TcpSeries } from './mesh-metrics.ts';
import type { ScopeKind, StatsStore } from './store.ts';

type Numbers = { readonly buckets: Float64Array; readonly count: number; readonly sum: number };

/** A thread's statistics as plain data that can be posted to another thread. */
export interface StatsImage {
  readonly rows: readonly (readonly [
    kind: ScopeKind,
    scope: string,
    name: string,
    type: 'counter' | 'gauge',
    value: number,
  ])[];
  readonly histograms: readonly (readonly [kind: ScopeKind, scope: string, name: string, numbers: Numbers])[];
  readonly requests: readonly (readonly [
    labels: string,
    count: number,
    duration: Numbers,
    request: Numbers,
    response: Numbers,
  ])[];
  readonly tcp: readonly (readonly [
    labels: string,
    opened: number,
    closed: number,
    sent: number,
    received: number,
  ])[];
}

export function imageOf(store: StatsStore, mesh: MeshMetrics): StatsImage {
  const rows: [ScopeKind, string, string, 'counter' | 'gauge', number][] = [];
  const histograms: [ScopeKind, string, string, Numbers][] = [];
  store.visit({
    counter: (scope, name, value) => void rows.push([scope.kind, scope.value, name, 'counter', value]),
    gauge: (scope, name, value) => void rows.push([scope.kind, scope.value, name, 'gauge', value]),
    histogram: (scope, name, value) => void histograms.push([scope.kind, scope.value, name, numbers(value)]),
  });
  return {
    rows,
    histograms,
    requests: [...mesh.requests.values()].map((s) => [
      s.labels,
      s.count,
      numbers(s.duration),
      numbers(s.requestBytes),
      numbers(s.responseBytes),
    ]),
    tcp: [...mesh.tcp.values()].map((s) => [s.labels, s.opened, s.closed, s.sent, s.received]),
  };
}

function numbers({ buckets, count, sum }: Histogram): Numbers {
  return { buckets, count, sum };
}

/** Gauges that every thread reports alike: adding them up would multiply them. */
const sharedGauges =
  /^(?:membership_|max_host_weight|circuit_breakers\.|total_listeners|active_clusters|live|state|uptime|concurrency|memory_)/;

/** Adds an image to a store: counters and histograms sum up, gauges too unless they describe what all threads share. */
export function addImage(image: StatsImage, store: StatsStore, mesh: MeshMetrics): void {
  for (const [kind, scope, name, type, value] of image.rows) {
    const cell = store.scope(kind, scope)[type](name);
    if (type === 'gauge' && sharedGauges.test(name)) cell.value = Math.max(cell.value, value);
    else cell.value += value;
  }
  for (const [kind, scope, name, value] of image.histograms)
    store.scope(kind, scope).histogram(name).merge(value);
  for (const [labels, count, duration, request, response] of image.requests) {
    const series = mesh.requests.get(labels) ?? new RequestSeries(labels);
    mesh.requests.set(labels, series);
    series.count += count;
    series.duration.merge(duration);
    series.requestBytes.merge(request);
    series.responseBytes.merge(response);
  }
  for (const [labels, opened, closed, sent, received] of image.tcp) {
    const series = mesh.tcp.get(labels) ?? new TcpSeries(labels);
    mesh.tcp.set(labels, series);
    series.opened += opened;
    series.closed += closed;
    series.sent += sent;
    series.received += received;
  }
}

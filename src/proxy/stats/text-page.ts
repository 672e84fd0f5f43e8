import type { Histogram } from './histogram.ts';
import type { StatsScope, StatsStore } from './store.ts';

/** A statistic by its full Envoy name. */
export interface NamedStat {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly value: number;
  readonly histogram: Histogram | undefined;
}

export interface StatsQuery {
  readonly filter: RegExp | undefined;
  readonly usedOnly: boolean;
  readonly type: 'All' | 'Counters' | 'Gauges' | 'Histograms';
}

/** Every statistic that passes the query, sorted by name. */
export function listStats(store: StatsStore, query: StatsQuery): NamedStat[] {
  const found: NamedStat[] = [];
  const keep = (stat: NamedStat) => {
    const used = stat.histogram === undefined ? stat.value !== 0 : stat.histogram.count > 0;
    if ((query.usedOnly && !used) || query.filter?.test(stat.name) === false) return;
    found.push(stat);
  };
  const wants = (type: StatsQuery['type']) => query.type === 'All' || query.type === type;
  const simple = (type: 'counter' | 'gauge') => (scope: StatsScope, name: string, value: number) => {
    if (wants(type === 'counter' ? 'Counters' : 'Gauges'))
      keep({ name: scope.prefix + name, type, value, histogram: undefined });
  };
  store.visit({
    counter: simple('counter'),
    gauge: simple('gauge'),
    histogram(scope, name, histogram) {
      if (wants('Histograms')) keep({ name: scope.prefix + name, type: 'histogram', value: 0, histogram });
    },
  });
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

const quantiles = [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1];

export function statsText(stats: readonly NamedStat[]): string {
  let page = '';
  for (const { name, value, histogram } of stats)
    page += `${name}: ${histogram === undefined ? value : summary(histogram)}\n`;
  return page;
}

function summary(histogram: Histogram): string {
  if (histogram.count === 0) return 'No recorded values';
  return quantiles.map((q) => `P${q * 100}(nan,${Number(histogram.quantile(q).toFixed(3))})`).join(' ');
}

export function statsJson(stats: readonly NamedStat[]): string {
  const plain = stats.filter((s) => s.histogram === undefined).map(({ name, value }) => ({ name, value }));
  const histograms = stats.flatMap((s) =>
    s.histogram === undefined ? [] : [{ name: s.name, histogram: s.histogram }],
  );
  const entry = {
    histograms: {
      supported_quantiles: quantiles.map((q) => q * 100),
      computed_quantiles: histograms.map(({ name, histogram }) => ({
        name,
        values: quantiles.map((q) => ({
          interval: null,
          cumulative: histogram.count === 0 ? null : histogram.quantile(q),
        })),
      })),
    },
  };
  return JSON.stringify({ stats: histograms.length === 0 ? plain : [...plain, entry] });
}

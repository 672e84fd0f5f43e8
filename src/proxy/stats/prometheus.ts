import { bucketBounds, type Histogram } from './histogram.ts';
import type { MetricVisitor, StatsScope, StatsStore } from './store.ts';

interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly lines: string[];
}

const scopeLabels: Partial<Record<StatsScope['kind'], string>> = {
  cluster: 'envoy_cluster_name',
  http: 'envoy_http_conn_manager_prefix',
  listener: 'envoy_listener_address',
  tcp: 'envoy_tcp_prefix',
  vhost: 'envoy_virtual_host',
};

/** Renders every statistic as Envoy's Prometheus page does: names with dots as underscores, variable parts as labels. */
export function prometheusPage(store: StatsStore, usedOnly: boolean): string {
  const families = new Map<string, Family>();
  const add = (type: Family['type'], name: string): string[] => {
    let family = families.get(name);
    if (family === undefined) {
      family = { type, lines: [] };
      families.set(name, family);
    }
    return family.lines;
  };
  const simple = (type: 'counter' | 'gauge') => (scope: StatsScope, name: string, value: number) => {
    if (usedOnly && value === 0) return;
    const { family, labels } = identify(scope, name);
    add(type, family).push(`${family}{${labels}} ${value}`);
  };
  const visitor: MetricVisitor = {
    counter: simple('counter'),
    gauge: simple('gauge'),
    histogram(scope, name, value) {
      if (usedOnly && value.count === 0) return;
      const { family, labels } = identify(scope, name);
      histogramLines(family, labels, value, add('histogram', family));
    },
  };
  store.visit(visitor);
  let page = '';
  for (const [name, { type, lines }] of families) page += `# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
  return page;
}

export function histogramLines(family: string, labels: string, value: Histogram, into: string[]): void {
  const comma = labels === '' ? '' : ',';
  let cumulative = 0;
  bucketBounds.forEach((bound, i) => {
    cumulative += value.buckets[i] as number;
    into.push(`${family}_bucket{${labels}${comma}le="${bound}"} ${cumulative}`);
  });
  into.push(`${family}_bucket{${labels}${comma}le="+Inf"} ${value.count}`);
  into.push(`${family}_sum{${labels}} ${value.sum}`, `${family}_count{${labels}} ${value.count}`);
}

/** The family name and labels of a statistic, with Envoy's default tag rules. */
function identify(scope: StatsScope, name: string): { family: string; labels: string } {
  const labels: string[] = [];
  const label = scopeLabels[scope.kind];
  if (label !== undefined) labels.push(`${label}="${escapeLabel(scope.value)}"`);
  let rest = name;
  const code = /^(.*_rq|.*_rq_direct_response)_([1-5])xx$/.exec(rest);
  const exact = code === null ? /^(.*_rq)_([1-5][0-9]{2})$/.exec(rest) : null;
  if (code !== null) {
    labels.unshift(`envoy_response_code_class="${code[2]}"`);
    rest = `${code[1]}_xx`;
  } else if (exact !== null) {
    labels.unshift(`envoy_response_code="${exact[2]}"`);
    rest = exact[1] as string;
  }
  const kind = scope.kind === 'root' ? '' : `${scope.kind}_`;
  return { family: `envoy_${kind}${sanitize(rest)}`, labels: labels.join(',') };
}

function sanitize(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, '_');
}

export function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

import { Histogram } from './histogram.ts';
import { escapeLabel, histogramLines } from './prometheus.ts';

/** One label set of the request metrics. */
export class RequestSeries {
  readonly labels: string;
  count = 0;
  readonly duration = new Histogram();
  readonly requestBytes = new Histogram();
  readonly responseBytes = new Histogram();

  constructor(labels: string) {
    this.labels = labels;
  }
}

/** One label set of the TCP metrics. */
export class TcpSeries {
  readonly labels: string;
  opened = 0;
  closed = 0;
  sent = 0;
  received = 0;

  constructor(labels: string) {
    this.labels = labels;
  }
}

/** Every label set of a thread's mesh metrics. A set that clients could blow up is bounded: beyond the limit nothing new is kept. */
export class MeshMetrics {
  readonly requests = new Map<string, RequestSeries>();
  readonly tcp = new Map<string, TcpSeries>();
  readonly #limit = 20_000;

  request(labels: string): RequestSeries {
    let series = this.requests.get(labels);
    if (series === undefined) {
      series = new RequestSeries(labels);
      if (this.requests.size < this.#limit) this.requests.set(labels, series);
    }
    return series;
  }

  connection(labels: string): TcpSeries {
    let series = this.tcp.get(labels);
    if (series === undefined) {
      series = new TcpSeries(labels);
      if (this.tcp.size < this.#limit) this.tcp.set(labels, series);
    }
    return series;
  }

  /** Prometheus text of everything. */
  page(): string {
    const requests = [...this.requests.values()];
    const tcp = [...this.tcp.values()];
    return (
      counter(
        'istio_requests_total',
        requests.map((s) => [s.labels, s.count]),
      ) +
      histogram(
        'istio_request_duration_milliseconds',
        requests.map((s) => [s.labels, s.duration]),
      ) +
      histogram(
        'istio_request_bytes',
        requests.map((s) => [s.labels, s.requestBytes]),
      ) +
      histogram(
        'istio_response_bytes',
        requests.map((s) => [s.labels, s.responseBytes]),
      ) +
      counter(
        'istio_tcp_connections_opened_total',
        tcp.map((s) => [s.labels, s.opened]),
      ) +
      counter(
        'istio_tcp_connections_closed_total',
        tcp.map((s) => [s.labels, s.closed]),
      ) +
      counter(
        'istio_tcp_sent_bytes_total',
        tcp.map((s) => [s.labels, s.sent]),
      ) +
      counter(
        'istio_tcp_received_bytes_total',
        tcp.map((s) => [s.labels, s.received]),
      )
    );
  }

  clear(): void {
    this.requests.clear();
    this.tcp.clear();
  }
}

function counter(name: string, rows: [labels: string, value: number][]): string {
  if (rows.length === 0) return '';
  return `# TYPE ${name} counter\n${rows.map(([labels, value]) => `${name}{${labels}} ${value}\n`).join('')}`;
}

function histogram(name: string, rows: [labels: string, value: Histogram][]): string {
  if (rows.length === 0) return '';
  const lines: string[] = [];
  for (const [labels, value] of rows) histogramLines(name, labels, value, lines);
  return `# TYPE ${name} histogram\n${lines.join('\n')}\n`;
}

/** `a="1",b="2"` in the order given. */
export function labelText(labels: readonly (readonly [name: string, value: string])[]): string {
  return labels.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(',');
}

import type { PushReport } from '../control-plane.ts';

/** Counters and gauges of the control plane, in Prometheus' text format. Names are Istio's where Istio has one. */
export class Metrics {
  readonly #counters = new Map<string, number>();
  readonly #help = new Map<string, string>();
  readonly #gauges = new Map<string, () => number>();
  readonly #histograms = new Map<string, Histogram>();

  /** Adds to a counter; `labels` is written as Prometheus does: `type="full"`. */
  count(name: string, help: string, labels = '', amount = 1): void {
    this.#help.set(name, help);
    const key = labels === '' ? name : `${name}{${labels}}`;
    this.#counters.set(key, (this.#counters.get(key) ?? 0) + amount);
  }

  gauge(name: string, help: string, read: () => number): void {
    this.#help.set(name, help);
    this.#gauges.set(name, read);
  }

  observe(name: string, help: string, seconds: number): void {
    this.#help.set(name, help);
    let histogram = this.#histograms.get(name);
    if (histogram === undefined) {
      histogram = new Histogram();
      this.#histograms.set(name, histogram);
    }
    histogram.observe(seconds);
  }

  /** Notes what a push did. */
  push(report: PushReport): void {
    this.count('pilot_pushes', 'Pushes by what they recomputed.', `type="${report.kind}"`);
    this.count('lateen_config_writes_total', 'Configuration objects written.', '', report.written);
    this.count('lateen_config_removals_total', 'Configuration objects removed.', '', report.removed);
    this.count(
      'lateen_config_write_errors_total',
      'Configuration objects that could not be written.',
      '',
      report.failed.length,
    );
    this.observe(
      'pilot_proxy_convergence_time',
      'Seconds from a change to its configuration being written.',
      report.delayMs / 1000,
    );
    this.observe(
      'pilot_push_compute_time',
      'Seconds of building and translating in a push.',
      report.computeMs / 1000,
    );
  }

  text(): string {
    const lines: string[] = [];
    const head = (name: string, type: string) =>
      lines.push(`# HELP ${name} ${this.#help.get(name) ?? ''}`, `# TYPE ${name} ${type}`);
    let last = '';
    for (const [key, value] of [...this.#counters].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const name = key.split('{')[0] as string;
      if (name !== last) head(name, 'counter');
      last = name;
      lines.push(`${key} ${value}`);
    }
    for (const [name, read] of this.#gauges) {
      head(name, 'gauge');
      lines.push(`${name} ${read()}`);
    }
    for (const [name, histogram] of this.#histograms) {
      head(name, 'histogram');
      lines.push(...histogram.lines(name));
    }
    return `${lines.join('\n')}\n`;
  }
}

const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10];

class Histogram {
  readonly #buckets = bounds.map(() => 0);
  #sum = 0;
  #count = 0;

  observe(value: number): void {
    this.#sum += value;
    this.#count++;
    bounds.forEach((bound, i) => {
      if (value <= bound) this.#buckets[i] = (this.#buckets[i] ?? 0) + 1;
    });
  }

  lines(name: string): string[] {
    const buckets = bounds.map((bound, i) => `${name}_bucket{le="${bound}"} ${this.#buckets[i]}`);
    return [
      ...buckets,
      `${name}_bucket{le="+Inf"} ${this.#count}`,
      `${name}_sum ${this.#sum}`,
      `${name}_count ${this.#count}`,
    ];
  }
}

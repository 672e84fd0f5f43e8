import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** A process's metrics in Prometheus' text format, with the usual ones of the process itself. */
export class MetricsRegistry {
  readonly #registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Returns the function that counts; each set of label values starts at zero, so that rates work from the first event. */
  counter<L extends string>(
    name: string,
    help: string,
    label: L,
    values: readonly string[],
  ): (value: string, amount?: number) => void {
    const counter = new Counter({ name, help, labelNames: [label], registers: [this.#registry] });
    for (const value of values) counter.inc({ [label]: value } as Record<L, string>, 0);
    return (value, amount = 1) => counter.inc({ [label]: value } as Record<L, string>, amount);
  }

  /** A gauge that is read when somebody asks. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

import type { FormatContext } from './format.ts';

/** Writes one line for each request or connection that its filter lets through. */
export class AccessLogger {
  readonly #filter: ((context: FormatContext) => boolean) | undefined;
  readonly #format: (context: FormatContext) => string;
  readonly #sink: LogSink;

  constructor(
    filter: ((context: FormatContext) => boolean) | undefined,
    format: (context: FormatContext) => string,
    sink: LogSink,
  ) {
    this.#filter = filter;
    this.#format = format;
    this.#sink = sink;
  }

  log(context: FormatContext): void {
    if (this.#filter === undefined || this.#filter(context)) this.#sink.write(this.#format(context));
  }
}

/** Where lines go. */
export interface LogSink {
  write(line: string): void;
}

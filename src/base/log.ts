/**
 * What every component logs through: a constant message plus fields. `createLogger` (line-logger.ts) is the light writer of the data
 * plane and the agent; the operator and the control plane use winston (winston-logger.ts) behind the same interface.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger of a named scope; Istio's `--log_output_level scope:level` speaks of these. */
  scope(name: string): Logger;
}

export type LogFields = Readonly<Record<string, unknown>>;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'none';

export const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'none'];

/** The message of anything thrown. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Drops everything; the default of engines and tests. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  scope: () => silentLogger,
};

/** Levels per scope, as `--log_output_level default:info,ads:debug` writes them. */
export class LogLevels {
  readonly #levels = new Map<string, LogLevel>([['default', 'info']]);

  /** Accepts `info`, `scope:level` and comma-separated lists; throws on an unknown level. */
  set(spec: string): void {
    for (const part of spec.split(',')) {
      const [scope, level] = part.includes(':') ? part.split(':', 2) : ['default', part];
      if (!logLevels.includes(level as LogLevel)) {
        throw new Error(`unknown log level "${level}" in "${spec}": use one of ${logLevels.join(', ')}`);
      }
      this.#levels.set(scope as string, level as LogLevel);
    }
  }

  enabled(scope: string, level: LogLevel): boolean {
    const threshold = this.#levels.get(scope) ?? this.#levels.get('default') ?? 'info';
    return logLevels.indexOf(level) >= logLevels.indexOf(threshold) && threshold !== 'none';
  }

  entries(): [string, LogLevel][] {
    return [...this.#levels];
  }
}

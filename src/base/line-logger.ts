import type { LogFields, Logger, LogLevel } from './log.ts';
import { LogLevels } from './log.ts';

export interface LineLoggerOptions {
  readonly levels?: LogLevels;
  readonly json?: boolean;
  readonly write?: (line: string) => void;
}

/** A logger that writes one line an event to stderr: `time level scope message key=value…`, or JSON. */
export function createLogger(options: LineLoggerOptions = {}): Logger {
  const levels = options.levels ?? new LogLevels();
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const emit = options.json ? jsonLine : textLine;
  const make = (scope: string): Logger => {
    const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
      if (levels.enabled(scope, level)) write(emit(new Date(), level, scope, message, fields));
    };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), scope: make };
  };
  return make('default');
}

function textLine(time: Date, level: LogLevel, scope: string, message: string, fields?: LogFields): string {
  let line = `${time.toISOString()}\t${level}\t${scope}\t${message}`;
  for (const [key, value] of Object.entries(fields ?? {})) line += `\t${key}=${fieldText(value)}`;
  return line + '\n';
}

function jsonLine(time: Date, level: LogLevel, scope: string, message: string, fields?: LogFields): string {
  return JSON.stringify({ time: time.toISOString(), level, scope, msg: message, ...fields }) + '\n';
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return /[\s"=]/.test(value) ? JSON.stringify(value) : value;
  if (value instanceof Error) return JSON.stringify(value.message);
  return JSON.stringify(value) ?? 'undefined';
}

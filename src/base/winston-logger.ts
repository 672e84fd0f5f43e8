import winston from 'winston';
import type { LogFields, Logger, LogLevel } from './log.ts';
import { LogLevels } from './log.ts';

/** The operator's, the control plane's and the CLI's logger: winston to stderr, levels per scope. */
export function createWinstonLogger(options: { levels?: LogLevels; json?: boolean } = {}): Logger {
  const levels = options.levels ?? new LogLevels();
  const sink = winston.createLogger({
    level: 'debug',
    format: winston.format.combine(
      winston.format.timestamp(),
      options.json ? winston.format.json() : winston.format.printf(textLine),
    ),
    transports: [new winston.transports.Console({ stderrLevels: ['debug', 'info', 'warn', 'error'] })],
  });
  const make = (scope: string): Logger => {
    const at = (level: Exclude<LogLevel, 'none'>) => (message: string, fields?: LogFields) => {
      if (levels.enabled(scope, level)) sink.log({ level, message, scope, fields });
    };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), scope: make };
  };
  return make('default');
}

function textLine(info: winston.Logform.TransformableInfo): string {
  const fields = (info['fields'] ?? {}) as LogFields;
  const tail = Object.entries(fields).map(([key, value]) => `\t${key}=${JSON.stringify(value)}`);
  return `${info['timestamp']}\t${info.level}\t${info['scope']}\t${info.message}${tail.join('')}`;
}

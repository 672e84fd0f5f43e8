import { realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { formatIssue } from '../base/issue.ts';
import { createLogger } from '../base/line-logger.ts';
import { type Logger, LogLevels } from '../base/log.ts';
import { loadBootstrap } from '../proxy/config/bootstrap.ts';
import { ProxyProcess } from '../proxy/proxy-process.ts';
import type { WorkerStart } from '../proxy/worker/messages.ts';
import { serveWorker } from '../proxy/worker/worker-thread.ts';

const usage = `Usage: lateen proxy -c BOOTSTRAP [flags]

Runs the data plane on an ordinary Envoy v3 bootstrap, YAML or JSON.

  -c, --config-path FILE   the bootstrap
      --concurrency N      worker threads (default: number of CPUs; 1 serves in the main thread)
      --mode serve|validate
                           validate checks the configuration and ends with status 0 or 1
  -l, --log-level LEVEL    debug, info, warn, error or off, also per scope: config:debug
      --drain-time-s N     how long connections may finish after SIGTERM and after a listener changed (default 600)
      --base-id N          accepted for Envoy's command lines, without effect
`;

const options = {
  'config-path': { type: 'string', short: 'c' },
  concurrency: { type: 'string' },
  mode: { type: 'string' },
  'log-level': { type: 'string', short: 'l' },
  'component-log-level': { type: 'string' },
  'drain-time-s': { type: 'string' },
  'parent-shutdown-time-s': { type: 'string' },
  'base-id': { type: 'string' },
  'drain-strategy': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `lateen proxy`: serves until SIGTERM, then drains and ends with 0. */
export async function run(argv: string[]): Promise<number> {
  if (!isMainThread) return runWorker(workerData as WorkerStart);
  const flags = parse(argv);
  if (typeof flags === 'string') return usageError(flags);
  if (flags.help) {
    process.stdout.write(usage);
    return 0;
  }
  const path = flags['config-path'];
  if (path === undefined) return usageError('-c FILE is required');
  const levels = new LogLevels();
  const fault = setLevels(levels, flags['log-level'] ?? 'info', flags['component-log-level']);
  if (fault !== undefined) return usageError(fault);
  const log = createLogger({ levels });
  const { bootstrap, issues } = await loadBootstrap(path);
  if (bootstrap === undefined) {
    process.stderr.write(
      `${path} is not a valid configuration:\n${issues.map((issue) => `  ${formatIssue(issue)}\n`).join('')}`,
    );
    return 1;
  }
  const concurrency = Number(flags.concurrency ?? availableParallelism());
  const drainTimeMs = Number(flags['drain-time-s'] ?? 600) * 1000;
  const stop = Promise.withResolvers<void>();
  const entry = realpathSync(process.argv[1] as string);
  const proxy = new ProxyProcess(bootstrap, {
    concurrency,
    bootstrapPath: path,
    entry,
    drainTimeMs,
    log,
    logLevels: levels,
    onQuit: stop.resolve,
  });
  if (flags.mode === 'validate') return validate(proxy, path);
  try {
    await proxy.start();
  } catch (thrown) {
    process.stderr.write(`cannot start: ${(thrown as Error).message}\n`);
    await proxy.close();
    return 1;
  }
  keepAlive(log);
  process.once('SIGTERM', stop.resolve);
  process.once('SIGINT', stop.resolve);
  process.on('SIGUSR1', () => proxy.reopenLogs());
  const alive = setInterval(() => {}, 0x7fffffff);
  await stop.promise;
  clearInterval(alive);
  log.info('draining');
  await proxy.drain();
  await proxy.close();
  return 0;
}

/** A worker thread runs this same program; it serves until the main thread says otherwise. */
async function runWorker(start: WorkerStart): Promise<number> {
  const levels = new LogLevels();
  for (const level of start.logLevels) levels.set(level);
  const log = createLogger({ levels });
  keepAlive(log);
  await serveWorker(start, parentPort as MessagePort, log, levels);
  return 0;
}

/** What nobody caught is logged and the proxy goes on serving: one bad peer must not cut everybody's connections. */
function keepAlive(log: Logger): void {
  const report = (kind: string) => (thrown: unknown) =>
    log.error(kind, { error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });
  process.on('uncaughtException', report('uncaught exception'));
  process.on('unhandledRejection', report('unhandled rejection'));
}

function parse(argv: string[]) {
  try {
    return parseArgs({ args: argv, options, allowPositionals: false }).values;
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

function usageError(message: string): number {
  process.stderr.write(`lateen proxy: ${message}\n\n${usage}`);
  return 64;
}

const levelNames: Record<string, string> = {
  trace: 'debug',
  warning: 'warn',
  critical: 'error',
  off: 'none',
};

function setLevels(levels: LogLevels, level: string, components: string | undefined): string | undefined {
  try {
    for (const part of `${level}${components === undefined ? '' : `,${components}`}`.split(',')) {
      const at = part.lastIndexOf(':');
      const name = at < 0 ? part : part.slice(at + 1);
      levels.set(part.slice(0, at + 1) + (levelNames[name] ?? name));
    }
    return undefined;
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

async function validate(proxy: ProxyProcess, path: string): Promise<number> {
  const { faults } = await proxy.plane.read();
  await proxy.close();
  for (const { subject, message } of faults) process.stderr.write(`${subject}: ${message}\n`);
  if (faults.length > 0) return 1;
  process.stdout.write(`configuration '${path}' OK\n`);
  return 0;
}

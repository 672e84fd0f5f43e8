import type { LogLevels } from '../../base/log.ts';
import { logLevels } from '../../base/log.ts';
import { compileRegex } from '../../base/regex.ts';
import { prometheusPage } from '../stats/prometheus.ts';
import { listStats, statsJson, statsText } from '../stats/text-page.ts';
import type { AdminHandler, AdminReply, AdminRequest } from './admin-server.ts';
import { clustersJson, clustersText } from './clusters-page.ts';
import { configDump } from './config-dump.ts';
import type { AdminTarget } from './target.ts';

type Route = (request: AdminRequest, target: AdminTarget) => AdminReply | Promise<AdminReply>;

const text = (body: string, status = 200): AdminReply => ({
  status,
  contentType: 'text/plain; charset=UTF-8',
  body,
});
const json = (value: unknown): AdminReply => ({
  status: 200,
  contentType: 'application/json',
  body: `${JSON.stringify(value, null, 1)}\n`,
});

/** Paths that change something take POST only, as Envoy's. */
const mutating = new Set([
  '/drain_listeners',
  '/healthcheck/fail',
  '/healthcheck/ok',
  '/quitquitquit',
  '/reset_counters',
  '/logging',
  '/reopen_logs',
  '/runtime_modify',
  '/cpuprofiler',
  '/heapprofiler',
]);

const help: Record<string, string> = {
  '/': 'Admin home page',
  '/certs': 'print certs on machine',
  '/clusters': 'upstream cluster status',
  '/config_dump': 'dump current configs (experimental)',
  '/drain_listeners': 'drain listeners (multiple query params)',
  '/healthcheck/fail': 'cause the server to fail health checks',
  '/healthcheck/ok': 'cause the server to pass health checks',
  '/help': 'print out list of admin commands',
  '/hot_restart_version': 'print the hot restart compatibility version',
  '/listeners': 'print listener info',
  '/logging': 'query/change logging levels',
  '/memory': 'print current allocation/heap usage',
  '/quitquitquit': 'exit the server',
  '/ready': 'print server state, return 200 if LIVE, otherwise return 503',
  '/reopen_logs': 'reopen access logs',
  '/reset_counters': 'reset all counters to zero',
  '/runtime': 'print runtime values',
  '/server_info': 'print server version/status information',
  '/stats': 'print server stats',
  '/stats/prometheus': 'print server stats in prometheus format',
};

const routes: Record<string, Route> = {
  '/': () => text(helpText()),
  '/help': () => text(helpText()),
  '/ready': (_r, target) => text(`${target.state()}\n`, target.state() === 'LIVE' ? 200 : 503),
  '/server_info': (_r, target) => json(target.serverInfo()),
  '/config_dump': (request, target) => configDump(request, target),
  '/clusters': (request, target) =>
    request.query.get('format') === 'json'
      ? json(clustersJson(target.plane.clusters))
      : text(clustersText(target.plane.clusters)),
  '/listeners': listenersPage,
  '/stats': statsPage,
  '/stats/prometheus': async (request, target) => prometheus(request, target),
  '/certs': (_r, target) => json({ certificates: target.certificates() }),
  '/memory': () => json(memory()),
  '/hot_restart_version': () => text('disabled\n'),
  '/runtime': (_r, target) => json(runtimePage(target)),
  '/logging': logging,
  '/healthcheck/fail': (_r, target) => act(() => target.setHealthy(false)),
  '/healthcheck/ok': (_r, target) => act(() => target.setHealthy(true)),
  '/quitquitquit': (_r, target) => act(() => target.quit()),
  '/reset_counters': (_r, target) => act(() => target.resetCounters()),
  '/reopen_logs': (_r, target) => act(() => target.reopenLogs()),
  '/drain_listeners': (request, target) =>
    act(() =>
      target.drainListeners({
        inboundOnly: request.query.has('inboundonly'),
        graceful: request.query.has('graceful'),
        skipExit: request.query.has('skip_exit'),
      }),
    ),
};

function act(fn: () => void): AdminReply {
  fn();
  return text('OK\n');
}

/** The admin interface over a running data plane. */
export function createAdminHandler(target: AdminTarget): AdminHandler {
  return (request) => {
    const route = routes[request.path];
    if (route === undefined) return text(`invalid path. ${helpText()}`, 404);
    const queryOnly = request.path === '/logging' && request.method === 'GET' && request.query.size === 0;
    if (mutating.has(request.path) && request.method !== 'POST' && !queryOnly) {
      return { ...text('Method Not Allowed', 405) };
    }
    return route(request, target);
  };
}

function helpText(): string {
  const rows = Object.entries(help).map(([path, what]) => `  ${path}: ${what}`);
  return `admin commands are:\n${rows.join('\n')}\n`;
}

function listenersPage(request: AdminRequest, target: AdminTarget): AdminReply {
  const listeners = [...target.plane.listeners.all];
  if (request.query.get('format') === 'json') {
    const statuses = listeners.map((listener) => {
      const [address] = listener.boundAddresses;
      return {
        name: listener.config.name,
        local_address: { socket_address: { address: address?.ip, port_value: address?.port } },
      };
    });
    return json({ listener_statuses: statuses });
  }
  return text(
    listeners
      .map(
        (listener) =>
          `${listener.config.name}::${listener.boundAddresses.map((address) => address.text).join(',')}\n`,
      )
      .join(''),
  );
}

async function prometheus(request: AdminRequest, target: AdminTarget): Promise<AdminReply> {
  const { stats, mesh } = await target.mergedStats();
  const usedOnly = request.query.has('usedonly');
  const page = prometheusPage(stats, usedOnly) + mesh.page();
  return { status: 200, contentType: 'text/plain; version=0.0.4; charset=UTF-8', body: page };
}

async function statsPage(request: AdminRequest, target: AdminTarget): Promise<AdminReply> {
  const format = request.query.get('format');
  if (format === 'prometheus') return prometheus(request, target);
  const pattern = request.query.get('filter');
  let filter: RegExp | undefined;
  if (pattern !== null && pattern !== '') {
    const compiled = compileRegex(pattern);
    if (typeof compiled === 'string') return text(`Invalid regex: "${compiled}"\n`, 400);
    filter = { test: (name: string) => compiled.contains(name) } as RegExp;
  }
  const type = (request.query.get('type') ?? 'All') as 'All';
  const stats = listStats((await target.mergedStats()).stats, {
    filter,
    usedOnly: request.query.has('usedonly'),
    type,
  });
  if (format === 'json') return { status: 200, contentType: 'application/json', body: statsJson(stats) };
  return text(statsText(stats));
}

function memory() {
  const usage = process.memoryUsage();
  return {
    allocated: String(usage.heapUsed),
    heap_size: String(usage.heapTotal),
    pageheap_unmapped: '0',
    pageheap_free: '0',
    total_thread_cache: '0',
    total_physical_bytes: String(usage.rss),
  };
}

function runtimePage(target: AdminTarget) {
  const entries = Object.fromEntries(
    [...target.plane.runtime()].map(([key, value]) => [
      key,
      { final_value: String(value), layer_values: [String(value)] },
    ]),
  );
  return { layers: ['static'], entries };
}

function logging(request: AdminRequest, target: AdminTarget): AdminReply {
  const levels = target.logLevels;
  for (const [key, value] of request.query) {
    const spec = key === 'level' ? value : key === 'paths' ? value : `${key}:${value}`;
    const fault = setLevel(levels, spec);
    if (fault !== undefined) return text(`${fault}\n`, 400);
  }
  const rows = levels.entries().map(([scope, level]) => `  ${scope}: ${level}`);
  return text(`active loggers:\n${rows.join('\n')}\n`);
}

const levelNames: Record<string, string> = {
  trace: 'debug',
  warning: 'warn',
  critical: 'error',
  off: 'none',
};

function setLevel(levels: LogLevels, spec: string): string | undefined {
  try {
    for (const part of spec.split(',')) {
      const at = part.lastIndexOf(':');
      const level = at < 0 ? part : part.slice(at + 1);
      const scope = at < 0 ? '' : part.slice(0, at + 1);
      levels.set(scope + (levelNames[level] ?? level));
    }
    return undefined;
  } catch {
    return `error: unknown logger level; valid levels: ${logLevels.join(' ')}`;
  }
}

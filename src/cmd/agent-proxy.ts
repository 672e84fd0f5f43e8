import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Agent } from '../agent/agent.ts';
import type { AppProbe } from '../agent/app-probe.ts';
import { agentSettings, identityFromEnvironment } from '../agent/identity.ts';
import type { ProxyCommand } from '../agent/supervisor.ts';
import { sleep, systemClock } from '../base/clock.ts';
import { createLogger } from '../base/line-logger.ts';
import { errorMessage, LogLevels } from '../base/log.ts';
import { packageRoot } from '../base/package-root.ts';
import { ports } from '../base/ports.ts';
import { parseYaml } from '../base/yaml.ts';
import { apiAccessPath } from '../inject/proxy-container.ts';
import { inCluster } from '../kube/connection.ts';
import { HttpKubeClient } from '../kube/http-client.ts';

type Values = Readonly<Record<string, unknown>>;

/** `pilot-agent proxy sidecar|router`: runs until SIGTERM or SIGINT, then drains; exit code 0 after a clean end. */
export async function runProxy(values: Values, positionals: string[]): Promise<number> {
  const levels = new LogLevels();
  if (typeof values['log_output_level'] === 'string') levels.set(values['log_output_level']);
  const log = createLogger({ levels, json: values['log_as_json'] === true }).scope('agent');
  const type = positionals[0] ?? 'sidecar';
  if (type !== 'sidecar' && type !== 'router' && type !== 'waypoint') {
    log.error('unknown proxy type', { type, known: 'sidecar, router, waypoint' });
    return 64;
  }
  const identity = identityFromEnvironment(process.env, type, text(values['domain']));
  if ('missing' in identity) {
    log.error(
      'environment variables are missing: this process is started by injection or a gateway template',
      identity,
    );
    return 64;
  }
  const proxyConfig = proxyConfigOf(process.env);
  const settings = agentSettings(process.env, proxyConfig);
  const folder = text(values['source']);
  const agent = new Agent({
    identity,
    settings:
      values['concurrency'] === undefined
        ? settings
        : { ...settings, concurrency: Number(values['concurrency']) },
    configFolder: text(values['configDir']) ?? '/etc/istio/proxy',
    source: folder === undefined ? { client: await apiClient() } : { folder },
    proxy: (file) => proxyCommand(file, values, settings),
    appProbes: json<Record<string, AppProbe>>(process.env['ISTIO_KUBE_APP_PROBERS'], {}),
    scrape: scrapeTarget(process.env['ISTIO_PROMETHEUS_ANNOTATIONS']),
    log,
  });
  const ended = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
    void agent.quitRequested.then(() => resolve('quitquitquit'));
  });
  await agent.start();
  log.info('agent started', { proxy: identity.configName, namespace: identity.namespace, type });
  log.info('draining', { reason: await ended });
  await agent.stop();
  return 0;
}

/** The agent's own token when injection mounted one, else the pod's service account. */
async function apiClient(): Promise<HttpKubeClient> {
  const own = existsSync(join(apiAccessPath, 'token')) ? apiAccessPath : undefined;
  return new HttpKubeClient(inCluster(process.env, systemClock, own));
}

/** Our proxy by default; `--binary envoy` (or PROXY_BINARY) puts a real Envoy in its place on the same files. */
function proxyCommand(
  bootstrap: string,
  values: Values,
  settings: { concurrency: number; drainSeconds: number },
): ProxyCommand {
  const flags = ['-c', bootstrap, '--concurrency', String(values['concurrency'] ?? settings.concurrency)];
  const level = [
    '-l',
    text(values['proxyLogLevel']) ?? 'warning',
    '--drain-time-s',
    String(settings.drainSeconds),
  ];
  const binary = text(values['binary']) ?? process.env['PROXY_BINARY'];
  if (binary) return { file: binary, args: [...flags, ...level] };
  const bundled = join(packageRoot(), 'dist/lateen.mjs');
  const entry =
    import.meta.filename.endsWith('.ts') || !existsSync(bundled)
      ? join(packageRoot(), 'src/cmd/lateen.ts')
      : bundled;
  return { file: process.execPath, args: [...process.execArgv, entry, 'proxy', ...flags, ...level] };
}

/** meshConfig.defaultConfig from injection, overlaid by the pod's own `proxy.istio.io/config` from the downward API. */
function proxyConfigOf(env: NodeJS.ProcessEnv): Record<string, unknown> {
  const base = json<Record<string, unknown>>(env['PROXY_CONFIG'], {});
  const file = '/etc/istio/pod/annotations';
  if (!existsSync(file)) return base;
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((candidate) => candidate.startsWith('proxy.istio.io/config='));
  if (line === undefined) return base;
  const own = parseYaml(json<string>(line.slice(line.indexOf('=') + 1), '{}'));
  return own !== null && typeof own === 'object' ? { ...base, ...own } : base;
}

function scrapeTarget(annotations: string | undefined): { port: number; path: string } | undefined {
  if (annotations === undefined) return undefined;
  const target = json<{ port?: string; path?: string }>(annotations, {});
  return { port: Number(target.port ?? 80), path: target.path ?? '/metrics' };
}

function json<T>(value: string | undefined, fallback: T): T {
  if (value === undefined || value === '') return fallback;
  try {
    return JSON.parse(value) as T;
  } catch (thrown) {
    throw new Error(`an environment variable holds malformed JSON: ${errorMessage(thrown)}`);
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `pilot-agent wait`: polls readiness; exit code 0 once ready. */
export async function waitReady(values: Values): Promise<number> {
  const deadline = Date.now() + Number(values['timeoutSeconds'] ?? 60) * 1000;
  const period = Number(values['periodMillis'] ?? 500);
  const keepAlive = setInterval(() => undefined, 60_000);
  try {
    while (Date.now() < deadline) {
      if ((await probe(ports.healthCheck)) === 200) return 0;
      await sleep(systemClock, period);
    }
  } finally {
    clearInterval(keepAlive);
  }
  process.stderr.write('Error: timeout waiting for the proxy to be ready\n');
  return 1;
}

function probe(port: number): Promise<number> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path: '/healthz/ready', timeout: 500 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(0));
    call.end();
  });
}

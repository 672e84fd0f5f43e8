import { createServer, type Server } from 'node:http';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { errorMessage, LogLevels } from '../base/log.ts';
import { MetricsRegistry } from '../base/metrics.ts';
import { packageVersion } from '../base/package-root.ts';
import { createWinstonLogger } from '../base/winston-logger.ts';
import { createClient } from '../kube/create-client.ts';
import { reconcileResults } from '../kube/reconciler.ts';
import { leadOperator, releaseWhenRemoved } from '../operator/index.ts';
import { loadLibrary } from '../render/library.ts';

const help = `Reconciles IstioOperator resources: installs, heals, upgrades and removes the mesh as they say.

Usage:
  lateen operator [flags]

Flags:
      --kubeconfig FILE         cluster to work on (default: $KUBECONFIG, the pod's service account, ~/.kube/config)
      --context NAME            context of the kubeconfig
      --watch-namespace NAME    only IstioOperators of this namespace (default $WATCH_NAMESPACE, else all)
      --namespace NAME          namespace of the leader lease (default $POD_NAMESPACE, else istio-operator)
      --monitoring-port PORT    /metrics, /healthz, /readyz (default 8383, 0 for none)
      --log_output_level SPEC   level per scope, for example default:info,informer:debug
      --log_as_json             JSON instead of text
  -h, --help                    this text
`;

const options = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  'watch-namespace': { type: 'string' },
  namespace: { type: 'string', short: 'n' },
  'monitoring-port': { type: 'string' },
  log_output_level: { type: 'string' },
  log_as_json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `lateen operator`; the word `server`, which Istio's operator image is started with, is accepted. */
export async function run(argv: string[]): Promise<number> {
  const { env } = process;
  // The base class' client still uses punycode, which Node announces on each start.
  process.noDeprecation = true;
  let values: ReturnType<typeof parse>;
  const levels = new LogLevels();
  try {
    values = parse(argv);
    if (values.log_output_level !== undefined) levels.set(values.log_output_level);
  } catch (failure) {
    process.stderr.write(`Error: ${errorMessage(failure)}\n\n${help}`);
    return 64;
  }
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const logger = createWinstonLogger({ levels, json: values.log_as_json === true });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const client = await createClient({
    kubeconfig: values.kubeconfig,
    context: values.context,
    env,
    userAgent: `lateen-operator/${packageVersion()}`,
  });
  const metrics = new MetricsRegistry();
  let leads = false;
  metrics.gauge('istio_operator_leader', '1 while this replica leads.', () => Number(leads));
  const count = metrics.counter(
    'istio_operator_reconcile_total',
    'Passes over an IstioOperator by outcome.',
    'result',
    reconcileResults,
  );
  const monitoring = await listen(metrics, Number(values['monitoring-port'] ?? 8383));
  const watchNamespace = values['watch-namespace'] ?? env['WATCH_NAMESPACE'];
  logger.info('operator starts', { version: packageVersion() });
  try {
    await leadOperator(
      {
        client,
        logger,
        library: loadLibrary(),
        onResult: (result) => count(result),
        onLeading: (now) => {
          leads = now;
        },
        namespace: values.namespace ?? env['POD_NAMESPACE'] ?? 'istio-operator',
        // A container that is restarted is the same pod and takes its own lease back at once.
        identity: env['POD_NAME'] || `${hostname()}_${process.pid}`,
        ...(watchNamespace && { watchNamespace }),
        ...(env['WAIT_FOR_RESOURCES_TIMEOUT'] && {
          readyTimeoutMs: seconds(env['WAIT_FOR_RESOURCES_TIMEOUT']) * 1000,
        }),
      },
      stop.signal,
    );
    // Only where the operator runs as a pod does its Deployment say anything.
    if (env['POD_NAMESPACE']) await releaseWhenRemoved(client, env['POD_NAMESPACE'], logger);
  } finally {
    monitoring?.close();
    client.close();
  }
  return 0;
}

function parse(argv: string[]) {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
  const extra = positionals.find((word, index) => index > 0 || word !== 'server');
  if (extra !== undefined) throw new Error(`unknown argument "${extra}"`);
  return values;
}

/** `300s`, `5m` or plain seconds. */
function seconds(text: string): number {
  const found = /^(\d+)(s|m|h)?$/.exec(text);
  if (found === null) throw new Error(`WAIT_FOR_RESOURCES_TIMEOUT=${text}: write for example 300s`);
  return Number(found[1]) * { s: 1, m: 60, h: 3600 }[(found[2] ?? 's') as 's' | 'm' | 'h'];
}

/** The server also keeps the process alive while nothing else is open. */
async function listen(metrics: MetricsRegistry, port: number): Promise<Server | undefined> {
  if (port === 0) return undefined;
  const server = createServer(async (request, response) => {
    if (request.url === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(await metrics.text());
      return;
    }
    const known = request.url === '/healthz' || request.url === '/readyz';
    response.writeHead(known ? 200 : 404).end(known ? 'ok' : '');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  return server;
}

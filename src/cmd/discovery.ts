import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { validateObject } from '../api/validate-object.ts';
import { errorMessage, LogLevels } from '../base/log.ts';
import { packageVersion } from '../base/package-root.ts';
import { ports } from '../base/ports.ts';
import { createWinstonLogger } from '../base/winston-logger.ts';
import { ControlPlane, Metrics, MonitoringServer } from '../controlplane/index.ts';
import { createClient } from '../kube/create-client.ts';
import { Webhooks } from '../webhook/index.ts';

const help = `Runs the control plane: turns services and rules into proxy configuration and answers admission webhooks.

Usage:
  lateen discovery [flags]

Flags:
      --kubeconfig FILE        cluster to serve (default: $KUBECONFIG, the pod's service account, ~/.kube/config)
      --context NAME           context of the kubeconfig
      --namespace NAME         namespace of the control plane (default $POD_NAMESPACE, else istio-system)
      --domain NAME            DNS suffix of services (default cluster.local)
      --clusterID NAME         name of this cluster in telemetry (default $CLUSTER_ID, else Kubernetes)
      --httpsAddr ADDR         admission webhooks (default :15017; empty for none)
      --monitoringAddr ADDR    /metrics, /version, /ready, /debug (default :15014; empty for none)
      --httpAddr ADDR          /ready for the kubelet (default :8080; empty for none)
      --log_output_level SPEC  level per scope, for example default:info,push:debug
      --log_as_json            JSON instead of text
  -h, --help                   this text

Environment: REVISION, POD_NAME, POD_NAMESPACE, CLUSTER_ID, INJECTION_WEBHOOK_CONFIG_NAME, VALIDATION_WEBHOOK_CONFIG_NAME.
`;

const options = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  namespace: { type: 'string', short: 'n' },
  domain: { type: 'string' },
  clusterID: { type: 'string' },
  httpsAddr: { type: 'string' },
  monitoringAddr: { type: 'string' },
  httpAddr: { type: 'string' },
  // Accepted from manifests written for Istio; what they set lies elsewhere or comes later.
  keepaliveMaxServerConnectionAge: { type: 'string' },
  grpcAddr: { type: 'string' },
  secureGRPCAddr: { type: 'string' },
  log_output_level: { type: 'string' },
  log_as_json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Flags = ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];

/** `lateen discovery`. */
export async function run(argv: string[]): Promise<number> {
  const levels = new LogLevels();
  let flags: Flags;
  try {
    flags = parseArgs({ args: argv, options }).values;
    if (flags.log_output_level !== undefined) levels.set(flags.log_output_level);
  } catch (failure) {
    process.stderr.write(`Error: ${errorMessage(failure)}\n\n${help}`);
    return 64;
  }
  if (flags.help) {
    process.stdout.write(help);
    return 0;
  }
  const log = createWinstonLogger({ levels, json: flags.log_as_json === true });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  try {
    await serve(flags, log, stop.signal);
    return 0;
  } catch (failure) {
    log.error('the control plane cannot run', { error: errorMessage(failure) });
    return 1;
  }
}

async function serve(
  flags: Flags,
  log: ReturnType<typeof createWinstonLogger>,
  signal: AbortSignal,
): Promise<void> {
  const { env } = process;
  const userAgent = `lateen-discovery/${packageVersion()}`;
  const client = await createClient({ kubeconfig: flags.kubeconfig, context: flags.context, env, userAgent });
  const namespace = flags.namespace ?? env['POD_NAMESPACE'] ?? 'istio-system';
  const revision = env['REVISION'] || 'default';
  const domain = flags.domain ?? 'cluster.local';
  const metrics = new Metrics();
  const plane = new ControlPlane({
    client,
    log,
    namespace,
    revision,
    domain,
    clusterId: flags.clusterID ?? env['CLUSTER_ID'] ?? 'Kubernetes',
    // A container that is restarted is the same pod, and takes its own lease back at once.
    identity: env['POD_NAME'] ?? `${hostname()}_${process.pid}`,
    onPush: (push) => metrics.push(push),
  });
  metrics.gauge('pilot_services', 'Services known.', () => plane.pipeline.mesh?.services.size ?? 0);
  metrics.gauge(
    'pilot_virt_services',
    'VirtualServices known.',
    () => plane.pipeline.mesh?.virtualServices.length ?? 0,
  );
  metrics.gauge('lateen_proxies', 'Proxies that get configuration.', () => plane.world.proxies.length);
  metrics.gauge('lateen_scopes', 'Outbound worlds that proxies share.', () => plane.pipeline.scopes.size);
  metrics.gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  const https = portOf(flags.httpsAddr ?? `:${ports.webhook}`);
  const suffix = revision === 'default' ? '' : `-${revision}`;
  const webhooks =
    https === undefined
      ? undefined
      : new Webhooks({
          client,
          log,
          namespace,
          revision,
          domain,
          port: https,
          validate: (object) => validateObject(object),
          mutatingConfig: env['INJECTION_WEBHOOK_CONFIG_NAME'] ?? `istio-sidecar-injector${suffix}`,
          validatingConfigs: [
            env['VALIDATION_WEBHOOK_CONFIG_NAME'] ?? `istio-validator${suffix}-${namespace}`,
            ...(revision === 'default' ? ['istiod-default-validator'] : []),
          ],
        });
  const monitoring = new MonitoringServer({
    plane,
    metrics,
    version: packageVersion(),
    ready: () => plane.ready && (webhooks?.ready ?? true),
  });
  for (const address of [
    flags.monitoringAddr ?? `:${ports.controlPlaneMonitoring}`,
    flags.httpAddr ?? ':8080',
  ]) {
    const port = portOf(address);
    if (port !== undefined) await monitoring.listen(port);
  }
  log.info('control plane starts', { version: packageVersion(), namespace, revision });
  await Promise.all([plane.run(signal), webhooks?.run(signal)]);
  await monitoring.close();
}

/** The port of `:15014` or `host:15014`; undefined for an empty address, which switches the listener off. */
function portOf(address: string): number | undefined {
  if (address === '') return undefined;
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`${JSON.stringify(address)} is not an address: write :15014`);
  return port;
}

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { createLogger } from '../base/line-logger.ts';
import { errorMessage, type Logger, LogLevels } from '../base/log.ts';
import { startLocalApi } from '../local/api/start-local-api.ts';
import { missingRequirements } from '../local/host/requirements.ts';
import { startLocalCluster } from '../local/local-cluster.ts';

const help = `Runs a Kubernetes cluster of this machine's processes in the foreground, until SIGINT or SIGTERM.

Pods are processes with a network namespace, an address and a file-system view each; services, DNS, probes, volumes and kubectl's logs, exec
and port-forward work. Images are not pulled: a table maps the public ones of the samples to programs that come along. Needs root and
Linux with iproute2, iptables and util-linux; with --api-only nothing but Node.

Usage:
  lateen local up [flags]

Flags:
      --kubeconfig FILE      write the administrator's kubeconfig here once the cluster is up (default ./lateen.kubeconfig)
      --image NAME=COMMAND   run COMMAND (shell syntax) for containers of image NAME; may be repeated
      --api-only             the API server alone: no node, no controllers, pods stay Pending
      --port PORT            with --api-only: port of the API server on 127.0.0.1 (default: a free one)
      --data-dir DIR         keep the API's objects in DIR over restarts
      --log_output_level S   level per scope, for example default:info,node:debug
  -h, --help                 this text
`;

const options = {
  kubeconfig: { type: 'string', default: 'lateen.kubeconfig' },
  image: { type: 'string', multiple: true, default: [] as string[] },
  'api-only': { type: 'boolean', default: false },
  port: { type: 'string' },
  'data-dir': { type: 'string' },
  log_output_level: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

type Flags = ReturnType<typeof parseFlags>['values'];

/** What `up` has started, whichever kind. */
interface Running {
  readonly kubeconfig: string;
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

/** `lateen local up`. */
export async function run(argv: string[]): Promise<number> {
  const [verb, ...rest] = argv;
  if (verb === undefined || verb === '--help' || verb === '-h') {
    process.stdout.write(help);
    return 0;
  }
  try {
    if (verb !== 'up') throw new Error(`unknown command "${verb}" for "lateen local"`);
    const { values } = parseFlags(rest);
    if (values.help) {
      process.stdout.write(help);
      return 0;
    }
    return await up(values);
  } catch (error) {
    process.stderr.write(`Error: ${errorMessage(error)}\nRun "lateen local --help" for usage.\n`);
    return 64;
  }
}

function parseFlags(argv: string[]) {
  return parseArgs({ args: argv, options, strict: true, allowPositionals: false });
}

/** `--image NAME=COMMAND` of the command line. Throws on one without a command. */
function imageOverrides(list: readonly string[]): Map<string, string> {
  return new Map(
    list.map((entry) => {
      const split = entry.indexOf('=');
      if (split < 1 || split === entry.length - 1) throw new Error(`--image "${entry}": write NAME=COMMAND`);
      return [entry.slice(0, split), entry.slice(split + 1)];
    }),
  );
}

async function up(flags: Flags): Promise<number> {
  const images = imageOverrides(flags.image);
  const levels = new LogLevels();
  if (flags.log_output_level !== undefined) levels.set(flags.log_output_level);
  const log = createLogger({ levels });
  if (!flags['api-only']) {
    const uid = process.getuid?.() ?? -1;
    const problems = missingRequirements({
      uid,
      path: process.env['PATH'] ?? '',
      platform: process.platform,
    });
    for (const problem of problems) process.stderr.write(`Error: ${problem}\n`);
    if (problems.length > 0) return 69;
  }
  const interrupted = untilInterrupted();
  const started = performance.now();
  let running: Running;
  try {
    running = flags['api-only'] ? await startApiOnly(flags, log) : await startCluster(flags, images, log);
  } catch (error) {
    process.stderr.write(`Error: the local cluster did not start: ${errorMessage(error)}\n`);
    return 70;
  }
  const file = resolve(flags.kubeconfig);
  writeKubeconfig(file, running.kubeconfig);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write([...running.lines, `up after ${seconds} s; export KUBECONFIG=${file}`, ''].join('\n'));
  await interrupted;
  rmSync(file, { force: true });
  await running.stop();
  return 0;
}

async function startApiOnly(flags: Flags, log: Logger): Promise<Running> {
  const dataDir = flags['data-dir'];
  const apiOptions = { port: Number(flags.port ?? 0), ...(dataDir === undefined ? {} : { dataDir }) };
  const api = await startLocalApi(apiOptions, { clock: systemClock, log });
  return { kubeconfig: api.kubeconfig, lines: [`API server at ${api.url}`], stop: () => api.close() };
}

async function startCluster(flags: Flags, images: Map<string, string>, log: Logger): Promise<Running> {
  const dataDir = flags['data-dir'];
  const cluster = await startLocalCluster({
    startApi: (apiOptions) => startLocalApi(apiOptions, { clock: systemClock, log }),
    clock: systemClock,
    log,
    images,
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  const { plan, api } = cluster;
  return {
    kubeconfig: api.kubeconfig,
    lines: [
      `API server at ${api.url}`,
      `node ${plan.nodeIp}, pods ${plan.podCidr}, services ${plan.serviceCidr}, reachable from this machine`,
    ],
    stop: () => cluster.stop(),
  };
}

/** Appears all at once, since others wait for the file. */
function writeKubeconfig(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, text, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
}

function untilInterrupted(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => done());
  });
}

#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { errorMessage } from '../base/log.ts';
import { packageVersion } from '../base/package-root.ts';
import { ports } from '../base/ports.ts';

interface Command {
  readonly summary: string;
  readonly usage: string;
  readonly options: ParseArgsOptionsConfig;
  run(values: Values, positionals: string[]): Promise<number>;
}

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** Flags of Istio's agent that manifests written for it carry. */
const logOptions: ParseArgsOptionsConfig = {
  log_output_level: { type: 'string' },
  log_as_json: { type: 'boolean' },
  log_caller: { type: 'string' },
  log_target: { type: 'string', multiple: true },
  log_stacktrace_level: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
};

const proxyOptions: ParseArgsOptionsConfig = {
  domain: { type: 'string' },
  proxyLogLevel: { type: 'string' },
  proxyComponentLogLevel: { type: 'string' },
  concurrency: { type: 'string' },
  serviceCluster: { type: 'string' },
  'trust-domain': { type: 'string' },
  meshConfig: { type: 'string' },
  configDir: { type: 'string' },
  source: { type: 'string' },
  binary: { type: 'string' },
};

const captureOptions: ParseArgsOptionsConfig = {
  'envoy-port': { type: 'string', short: 'p' },
  'inbound-capture-port': { type: 'string', short: 'z' },
  'proxy-uid': { type: 'string', short: 'u' },
  'proxy-gid': { type: 'string', short: 'g' },
  'istio-inbound-interception-mode': { type: 'string', short: 'm' },
  'istio-inbound-ports': { type: 'string', short: 'b' },
  'istio-local-exclude-ports': { type: 'string', short: 'd' },
  'istio-service-cidr': { type: 'string', short: 'i' },
  'istio-service-exclude-cidr': { type: 'string', short: 'x' },
  'istio-outbound-ports': { type: 'string', short: 'q' },
  'istio-local-outbound-ports-exclude': { type: 'string', short: 'o' },
  'dry-run': { type: 'boolean', short: 'n' },
  'run-validation': { type: 'boolean' },
  'skip-rule-apply': { type: 'boolean' },
};

const commands: Record<string, Command> = {
  proxy: {
    summary: 'Run the proxy and keep it configured',
    usage: 'proxy sidecar|router [flags]',
    options: proxyOptions,
    run: async (values, positionals) => (await import('./agent-proxy.ts')).runProxy(values, positionals),
  },
  'istio-iptables': {
    summary: 'Set up capture rules in this network namespace',
    usage: 'istio-iptables [flags]',
    options: captureOptions,
    run: async (values) => (await import('./agent-capture.ts')).runIptables(values),
  },
  'istio-clean-iptables': {
    summary: 'Remove the capture rules of this network namespace',
    usage: 'istio-clean-iptables',
    options: captureOptions,
    run: async () => (await import('./agent-capture.ts')).runCleanIptables(),
  },
  request: {
    summary: "Call the proxy's admin page",
    usage: 'request METHOD PATH',
    options: {},
    run: async (_values, positionals) => adminRequest(positionals),
  },
  wait: {
    summary: 'Wait until the proxy is ready',
    usage: 'wait [--timeoutSeconds N] [--periodMillis N]',
    options: {
      timeoutSeconds: { type: 'string' },
      periodMillis: { type: 'string' },
      requestTimeoutMillis: { type: 'string' },
      url: { type: 'string' },
    },
    run: async (values) => (await import('./agent-proxy.ts')).waitReady(values),
  },
  version: {
    summary: 'Print the version',
    usage: 'version',
    options: { short: { type: 'boolean', short: 's' }, output: { type: 'string', short: 'o' } },
    run: async () => {
      process.stdout.write(`${packageVersion()}\n`);
      return 0;
    },
  },
};

async function adminRequest(positionals: string[]): Promise<number> {
  const [method, path] = positionals;
  if (method === undefined || path === undefined) {
    process.stderr.write(
      'Error: request takes a method and a path, e.g. `pilot-agent request GET config_dump`\n',
    );
    return 64;
  }
  const { callAdmin } = await import('../agent/admin-client.ts');
  const answer = await callAdmin(ports.proxyAdmin, method, path.startsWith('/') ? path : `/${path}`, 30_000);
  process.stdout.write(answer.body.endsWith('\n') ? answer.body : `${answer.body}\n`);
  return answer.status < 400 ? 0 : 1;
}

function usage(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(22)}${summary}`);
  return `Istio Pilot agent runs in the sidecar or gateway container and keeps its proxy configured and running.\n\nUsage:\n  pilot-agent [command]\n\nAvailable Commands:\n${rows.join('\n')}\n\nFlags:\n  -h, --help                     help for pilot-agent\n      --log_as_json              JSON instead of text\n      --log_output_level string  level per scope, <scope>:<level>,… with debug, info, warn, error or none (default "default:info")\n\nUse "pilot-agent [command] --help" for more information about a command.\n`;
}

function commandUsage(command: Command): string {
  const rows = Object.entries({ ...command.options, ...logOptions }).map(
    ([name, { short, type }]) =>
      `  ${short ? `-${short}, ` : '    '}--${name}${type === 'string' ? ' string' : ''}`,
  );
  return `${command.summary}\n\nUsage:\n  pilot-agent ${command.usage}\n\nFlags:\n${rows.join('\n')}\n`;
}

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(usage());
    return 0;
  }
  const command = commands[name];
  if (command === undefined) {
    process.stderr.write(`Error: unknown command "${name}" for "pilot-agent"\n\n${usage()}`);
    return 64;
  }
  try {
    const { values, positionals } = parseArgs({
      args: rest,
      options: { ...command.options, ...logOptions },
      allowPositionals: true,
    });
    if (values['help']) {
      process.stdout.write(commandUsage(command));
      return 0;
    }
    return await command.run(values, positionals);
  } catch (thrown) {
    process.stderr.write(`Error: ${errorMessage(thrown)}\n`);
    return (thrown as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') ? 64 : 1;
  }
}

enableCompileCache();
process.exitCode = await main(process.argv.slice(2));

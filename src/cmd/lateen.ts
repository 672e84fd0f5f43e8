#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { packageVersion } from '../base/package-root.ts';

/** Each process of Lateen is a module with `run(argv)`, loaded only when asked for, so that a proxy never loads the operator. */
const commands: Record<
  string,
  { summary: string; load: () => Promise<{ run(argv: string[]): Promise<number> }> }
> = {
  operator: { summary: 'reconcile IstioOperator resources', load: () => import('./operator.ts') },
  discovery: { summary: 'run the control plane (istiod)', load: () => import('./discovery.ts') },
  proxy: { summary: 'run the data plane on an Envoy bootstrap', load: () => import('./proxy.ts') },
  demo: { summary: 'run a whole mesh with bookinfo on this machine', load: () => import('./demo.ts') },
  local: { summary: 'run a Kubernetes cluster of local processes', load: () => import('./local.ts') },
};

function usage(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`);
  return `lateen ${packageVersion()}: a service mesh with Istio's APIs\n\nUsage:\n  lateen COMMAND [flags]\n\nCommands:\n${rows.join('\n')}\n\nUse "lateen COMMAND --help" for a command's flags.\n`;
}

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage());
    return 0;
  }
  if (name === '--version' || name === 'version') {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const command = commands[name];
  if (command === undefined) {
    process.stderr.write(`lateen: unknown command "${name}"\n\n${usage()}`);
    return 64;
  }
  return (await command.load()).run(rest);
}

enableCompileCache();
process.exitCode = await main(process.argv.slice(2));

import { spawnSync } from 'node:child_process';
import { type CaptureSettings, planCapture, planCleanup } from '../inject/iptables.ts';

export interface CommandResult {
  readonly status: number | null;
  readonly output: string;
}

export type RunCommand = (file: string, args: readonly string[], input?: string) => CommandResult;

/** Runs a program and collects what it prints. */
export const runCommand: RunCommand = (file, args, input) => {
  const result = spawnSync(file, [...args], { input: input ?? '', encoding: 'utf8' });
  if (result.error) return { status: 127, output: `${file}: ${result.error.message}` };
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
};

/**
 * Sets the capture rules of this network namespace, printing what it does as `istio-init` always has (seeds/002). Rules of an earlier run
 * are removed first, so a restarted init container succeeds. Returns the exit code.
 */
export function applyCapture(
  settings: CaptureSettings,
  print: (text: string) => void,
  run: RunCommand = runCommand,
): number {
  print(describe(settings));
  const plan = planCapture(settings);
  for (const [family, rules] of [
    ['iptables', plan.v4],
    ['ip6tables', plan.v6],
  ] as const) {
    if (rules === '') continue;
    if (run(family, ['-t', 'nat', '-S', 'ISTIO_OUTPUT']).status === 0) cleanFamily(family, run);
    print(`Writing following contents to rules file for ${family}:\n${rules}\n${family}-restore --noflush\n`);
    const result = run(`${family}-restore`, ['--noflush'], rules);
    if (result.status === 0) continue;
    const optional = family === 'ip6tables';
    print(
      `${family}-restore failed with ${result.status}: ${result.output.trim()}${optional ? ' (IPv6 is not captured)' : ''}\n`,
    );
    if (!optional) return 1;
  }
  print(`iptables-save\n${run('iptables-save', ['-t', 'nat']).output}`);
  return 0;
}

/** Removes every chain capture made; missing ones are fine. */
export function cleanCapture(print: (text: string) => void, run: RunCommand = runCommand): number {
  for (const family of ['iptables', 'ip6tables']) cleanFamily(family, run);
  print('capture rules removed\n');
  return 0;
}

function cleanFamily(family: string, run: RunCommand): void {
  for (const args of planCleanup()) run(family, args);
}

function describe(settings: CaptureSettings): string {
  const rows: [string, string | number][] = [
    ['PROXY_PORT', settings.proxyPort],
    ['PROXY_INBOUND_CAPTURE_PORT', settings.inboundPort],
    ['PROXY_UID', settings.proxyUid],
    ['PROXY_GID', settings.proxyGid],
    ['INBOUND_INTERCEPTION_MODE', settings.mode],
    ['INBOUND_PORTS_INCLUDE', settings.includeInboundPorts],
    ['INBOUND_PORTS_EXCLUDE', settings.excludeInboundPorts],
    ['OUTBOUND_IP_RANGES_INCLUDE', settings.includeRanges],
    ['OUTBOUND_IP_RANGES_EXCLUDE', settings.excludeRanges],
    ['OUTBOUND_PORTS_INCLUDE', settings.includeOutboundPorts],
    ['OUTBOUND_PORTS_EXCLUDE', settings.excludeOutboundPorts],
  ];
  return `Variables:\n----------\n${rows.map(([name, value]) => `${name}=${value}\n`).join('')}\n`;
}

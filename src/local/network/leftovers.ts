import { readdirSync, readFileSync } from 'node:fs';
import { tryCommand } from '../host/run-command.ts';
import { type AddressPlan, addressPlan, maxClusters } from './address-plan.ts';

/**
 * Removes all that a cluster of this name left on the host: processes inside its namespaces, the namespaces (iptables, links and
 * addresses go with them), the host's end of the link. Safe to call when there is nothing.
 */
export async function removeCluster(plan: AddressPlan): Promise<string[]> {
  const namespaces = listNamespaces().filter((ns) => ns === plan.name || ns.startsWith(`${plan.name}-`));
  await Promise.all(
    namespaces.map(async (namespace) => {
      const { stdout } = await tryCommand(['ip', 'netns', 'pids', namespace]);
      for (const pid of stdout.split('\n').filter(Boolean)) killQuietly(Number(pid));
      await tryCommand(['ip', 'netns', 'delete', namespace]);
    }),
  );
  await tryCommand(['ip', 'link', 'delete', plan.name]);
  return namespaces;
}

/**
 * The first plan that no running cluster owns and whose ranges collide with none of the host's routes. `owned` says whether a live
 * process still holds an index. Throws when all are taken.
 */
export async function choosePlan(owned: (index: number) => boolean): Promise<AddressPlan> {
  const { stdout } = await tryCommand(['ip', '-4', 'route', 'show', 'table', 'all']);
  for (let index = 0; index < maxClusters; index++) {
    if (owned(index)) continue;
    const plan = addressPlan(index);
    if (!collides(plan, stdout)) return plan;
  }
  throw new Error(
    `no address range free for another local cluster: ${maxClusters} ranges from 10.244.0.0/16 and 10.96.0.0/16 on are in use on this host`,
  );
}

/** Whether a route of the host that is not this cluster's own leads into its ranges. */
export function collides(plan: AddressPlan, routes: string): boolean {
  const prefixes = [plan.podPrefix, plan.serviceCidr.split('.').slice(0, 2).join('.')];
  return routes
    .split('\n')
    .filter((line) => !line.includes(` dev ${plan.name} `) && !line.endsWith(` dev ${plan.name}`))
    .some((line) => {
      const [first = '', second = ''] = line.split(' ');
      return prefixes.some((prefix) => first.startsWith(`${prefix}.`) || second.startsWith(`${prefix}.`));
    });
}

function listNamespaces(): string[] {
  try {
    return readdirSync('/run/netns');
  } catch {
    return [];
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** When a process started, in clock ticks since boot: with the pid it names a process for good. Undefined when it is gone. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

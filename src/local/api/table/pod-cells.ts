import { type ApiObject, asList, asObject, at, type Fields } from '../object.ts';
import { ageText } from './cells.ts';

interface ContainerView {
  readonly name: string;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restarts: number;
  readonly state: Fields;
  readonly lastState: Fields;
}

function views(pod: Readonly<ApiObject>, field: string): ContainerView[] {
  return (asList(at(pod, 'status', field)) as Fields[]).map((status) => ({
    name: String(status['name']),
    ready: status['ready'] === true,
    started: status['started'] === true,
    restarts: Number(status['restartCount'] ?? 0),
    state: asObject(status['state']) ?? {},
    lastState: asObject(status['lastState']) ?? {},
  }));
}

/** Init containers that keep running beside the others (restartPolicy: Always). */
function sidecarNames(pod: Readonly<ApiObject>): Set<string> {
  const all = asList(at(pod, 'spec', 'initContainers')) as Fields[];
  return new Set(all.filter((one) => one['restartPolicy'] === 'Always').map((one) => String(one['name'])));
}

export function podReady(pod: Readonly<ApiObject>): string {
  const sidecars = sidecarNames(pod);
  const running = views(pod, 'initContainerStatuses').filter((one) => sidecars.has(one.name));
  const ready = [...running, ...views(pod, 'containerStatuses')].filter((one) => one.ready).length;
  return `${ready}/${asList(at(pod, 'spec', 'containers')).length + sidecars.size}`;
}

export function podRestarts(pod: Readonly<ApiObject>, now: number): string {
  const sidecars = sidecarNames(pod);
  const counted = [
    ...views(pod, 'initContainerStatuses').filter((one) => sidecars.has(one.name)),
    ...views(pod, 'containerStatuses'),
  ];
  const total = counted.reduce((sum, one) => sum + one.restarts, 0);
  const times = counted
    .map((one) => at(one.lastState, 'terminated', 'finishedAt'))
    .filter((time) => typeof time === 'string');
  const last = (times as string[]).sort().at(-1);
  return total > 0 && last !== undefined ? `${total} (${ageText(last, now)} ago)` : String(total);
}

/** The word kubectl shows for a pod: its phase, or what its containers are stuck in. */
export function podStatus(pod: Readonly<ApiObject>): string {
  const status = asObject(pod.status) ?? {};
  if (pod.metadata.deletionTimestamp !== undefined) {
    return status['reason'] === 'NodeLost' ? 'Unknown' : 'Terminating';
  }
  return initStatus(pod) ?? containerStatus(pod) ?? String(status['reason'] ?? status['phase'] ?? 'Unknown');
}

function initStatus(pod: Readonly<ApiObject>): string | undefined {
  const sidecars = sidecarNames(pod);
  const all = views(pod, 'initContainerStatuses');
  const total = asList(at(pod, 'spec', 'initContainers')).length;
  for (const [i, one] of all.entries()) {
    const ended = asObject(one.state['terminated']);
    if (ended?.['exitCode'] === 0) continue;
    if (sidecars.has(one.name) && (one.state['running'] !== undefined || one.started)) continue;
    if (ended !== undefined) return `Init:${ended['reason'] || endText(ended)}`;
    const waiting = asObject(one.state['waiting'])?.['reason'];
    if (typeof waiting === 'string' && waiting !== '' && waiting !== 'PodInitializing')
      return `Init:${waiting}`;
    return `Init:${i}/${total}`;
  }
  return undefined;
}

function containerStatus(pod: Readonly<ApiObject>): string | undefined {
  let word: string | undefined;
  let running = false;
  for (const one of views(pod, 'containerStatuses').reverse()) {
    const waiting = asObject(one.state['waiting'])?.['reason'];
    const ended = asObject(one.state['terminated']);
    if (typeof waiting === 'string' && waiting !== '') word = waiting;
    else if (ended !== undefined) word = String(ended['reason'] || endText(ended));
    else if (one.ready && one.state['running'] !== undefined) running = true;
  }
  if (word !== 'Completed' || !running) return word;
  const conditions = asList(at(pod, 'status', 'conditions')) as Fields[];
  const isReady = conditions.some((one) => one['type'] === 'Ready' && one['status'] === 'True');
  return isReady ? 'Running' : 'NotReady';
}

function endText(ended: Fields): string {
  return ended['signal'] ? `Signal:${ended['signal']}` : `ExitCode:${ended['exitCode']}`;
}

export function nodeStatus(node: Readonly<ApiObject>): string {
  const conditions = asList(at(node, 'status', 'conditions')) as Fields[];
  const ready = conditions.find((one) => one['type'] === 'Ready')?.['status'];
  const words = [ready === 'True' ? 'Ready' : ready === undefined ? 'Unknown' : 'NotReady'];
  if (at(node, 'spec', 'unschedulable') === true) words.push('SchedulingDisabled');
  return words.join(',');
}

export function nodeRoles(node: Readonly<ApiObject>): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.keys(node.metadata.labels ?? {}).filter((key) => key.startsWith(prefix));
  return (
    roles
      .map((key) => key.slice(prefix.length))
      .sort()
      .join(',') || '<none>'
  );
}

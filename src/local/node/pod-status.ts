import type { Container, ContainerState, ContainerStatus, Pod, PodCondition, PodStatus } from './pod-spec.ts';
import { isSidecar } from './pod-spec.ts';

/** What the node knows of one container when a status is made. */
export interface ContainerView {
  readonly container: Container;
  readonly init: boolean;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
  readonly restartCount: number;
  /** The startup probe passed, or there is none and the container runs. */
  readonly started: boolean;
  /** The readiness probe's word, true without one. Says nothing when the container does not run. */
  readonly ready: boolean;
  readonly containerId?: string;
}

export interface StatusInput {
  readonly pod: Pod;
  readonly containers: readonly ContainerView[];
  readonly podIp: string | undefined;
  readonly nodeIp: string;
  readonly networkReady: boolean;
  readonly now: string;
  readonly startTime: string;
  /** Every container has been stopped for good. */
  readonly ended: boolean;
  /** The agent itself ended the pod: DeadlineExceeded, Evicted. */
  readonly failure?: { reason: string; message: string };
}

/** `status` of a pod as kubelet reports it: phase, conditions, container statuses. Pure. */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, containers, podIp, nodeIp } = input;
  const phase = input.failure ? 'Failed' : input.ended ? endPhase(containers) : podPhase(pod, containers);
  const finished = phase === 'Succeeded' || phase === 'Failed';
  const init = containers.filter((view) => view.init);
  const main = containers.filter((view) => !view.init);
  return {
    observedGeneration: pod.metadata.generation ?? 1,
    phase,
    reason: input.failure?.reason,
    message: input.failure?.message,
    conditions: conditions(input, phase),
    hostIP: nodeIp,
    hostIPs: [{ ip: nodeIp }],
    ...(podIp === undefined ? {} : { podIP: podIp, podIPs: [{ ip: podIp }] }),
    startTime: input.startTime,
    ...(init.length > 0
      ? { initContainerStatuses: init.map((view) => containerStatus(view, finished)) }
      : {}),
    containerStatuses: main.map((view) => containerStatus(view, finished)),
    qosClass: pod.status?.['qosClass'] ?? qosClass(pod),
  };
}

function containerStatus(view: ContainerView, finished: boolean): ContainerStatus {
  const running = view.state.running !== undefined;
  const succeeded = view.state.terminated?.exitCode === 0;
  const regularInit = view.init && !isSidecar(view.container);
  return {
    name: view.container.name,
    state: view.state,
    lastState: view.lastState,
    ready: regularInit ? succeeded : !finished && running && view.started && view.ready,
    started: running && view.started,
    restartCount: view.restartCount,
    image: view.container.image,
    imageID: view.containerId === undefined ? '' : view.container.image,
    ...(view.containerId === undefined ? {} : { containerID: view.containerId }),
  };
}

/** The phase of a pod that runs no more, whatever its restart policy. */
function endPhase(containers: readonly ContainerView[]): string {
  const relevant = containers.filter(({ init, container }) => !(init && isSidecar(container)));
  return relevant.every(({ state }) => state.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed';
}

/** kubelet's getPhase. */
export function podPhase(pod: Pod, containers: readonly ContainerView[]): string {
  const policy = pod.spec.restartPolicy ?? 'Always';
  for (const view of containers.filter(({ init }) => init)) {
    const { terminated, running } = view.state;
    if (isSidecar(view.container)) {
      if (!(running && view.started) && !initialized(containers)) return 'Pending';
    } else if (terminated === undefined) return 'Pending';
    else if (terminated.exitCode !== 0) return policy === 'Never' ? 'Failed' : 'Pending';
  }
  const main = containers.filter(({ init }) => !init);
  const untouched = main.filter(({ state, lastState }) => state.waiting && !lastState.terminated);
  if (untouched.length > 0 && main.every(({ state }) => !state.running)) return 'Pending';
  if (untouched.length > 0) return 'Pending';
  if (main.some(({ state }) => state.running)) return 'Running';
  const ended = main.map(({ state, lastState }) => state.terminated ?? lastState.terminated);
  if (policy === 'Always') return 'Running';
  const allGood = ended.every((end) => end?.exitCode === 0);
  if (allGood) return 'Succeeded';
  if (policy === 'Never') return 'Failed';
  return 'Running';
}

/** Whether the main containers have been started once: from then on a restarting sidecar no longer holds the pod back. */
function initialized(containers: readonly ContainerView[]): boolean {
  return containers.some(
    ({ init, state, lastState }) => !init && (state.running || state.terminated || lastState.terminated),
  );
}

function conditions(input: StatusInput, phase: string): PodCondition[] {
  const { pod, containers } = input;
  const before = pod.status?.conditions ?? [];
  const make = (type: string, ok: boolean, reason?: string, message?: string): PodCondition => {
    const old = before.find((condition) => condition.type === type);
    const status = ok ? 'True' : 'False';
    const same = old?.status === status;
    return {
      type,
      observedGeneration: pod.metadata.generation ?? 1,
      status,
      lastProbeTime: null,
      lastTransitionTime: same && old.lastTransitionTime ? old.lastTransitionTime : input.now,
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    };
  };
  const { unready, uninitialized } = notYet(containers);
  const own: PodCondition[] = [make('PodReadyToStartContainers', input.networkReady)];
  if (phase === 'Succeeded') {
    own.push(make('Initialized', true, 'PodCompleted'), make('Ready', false, 'PodCompleted'));
    own.push(make('ContainersReady', false, 'PodCompleted'));
  } else {
    const initMessage = `containers with incomplete status: [${uninitialized.join(' ')}]`;
    own.push(
      uninitialized.length === 0
        ? make('Initialized', true)
        : make('Initialized', false, 'ContainersNotInitialized', initMessage),
    );
    const failed = phase === 'Failed';
    const because = failed ? 'PodFailed' : 'ContainersNotReady';
    const message = failed ? undefined : `containers with unready status: [${unready.join(' ')}]`;
    const containersReady = !failed && unready.length === 0;
    const gates = missingGates(pod, before);
    if (containersReady && gates !== undefined)
      own.push(make('Ready', false, 'ReadinessGatesNotReady', gates));
    else own.push(containersReady ? make('Ready', true) : make('Ready', false, because, message));
    own.push(
      containersReady ? make('ContainersReady', true) : make('ContainersReady', false, because, message),
    );
  }
  own.push(make('PodScheduled', true));
  const types = new Set(own.map(({ type }) => type));
  return [...own, ...before.filter(({ type }) => !types.has(type))];
}

function notYet(containers: readonly ContainerView[]): { unready: string[]; uninitialized: string[] } {
  const unready = containers
    .filter(({ init, container }) => !init || isSidecar(container))
    .filter((view) => !(view.state.running && view.started && view.ready))
    .map(({ container }) => container.name);
  const begun = initialized(containers);
  const uninitialized = containers
    .filter(({ init }) => init)
    .filter((view) =>
      isSidecar(view.container)
        ? !begun && !(view.state.running && view.started)
        : view.state.terminated?.exitCode !== 0,
    )
    .map(({ container }) => container.name);
  return { unready, uninitialized };
}

function missingGates(pod: Pod, before: readonly PodCondition[]): string | undefined {
  const missing = (pod.spec.readinessGates ?? []).filter(
    ({ conditionType }) => before.find(({ type }) => type === conditionType)?.status !== 'True',
  );
  if (missing.length === 0) return undefined;
  return missing
    .map(({ conditionType }) => `the status of pod readiness gate "${conditionType}" is not "True"`)
    .join(', ');
}

/** Guaranteed, Burstable or BestEffort by the containers' cpu and memory. */
export function qosClass(pod: Pod): string {
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const names = ['cpu', 'memory'] as const;
  const set = all.some(({ resources }) =>
    names.some((n) => resources?.limits?.[n] ?? resources?.requests?.[n]),
  );
  if (!set) return 'BestEffort';
  const guaranteed = all.every(({ resources }) =>
    names.every((n) => {
      const limit = resources?.limits?.[n];
      return limit !== undefined && (resources?.requests?.[n] ?? limit) === limit;
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

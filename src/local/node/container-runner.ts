import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage } from '../../base/log.ts';
import type { ImageOverrides, LocalImage } from '../images.ts';
import { missingImageMessage, packageCommands, packageMounts, resolveImage } from '../images.ts';
import { runBounded } from './bounded-exec.ts';
import { type ContainerExit, ContainerProcess } from './container-process.ts';
import { CrashBackoff } from './crash-backoff.ts';
import { containerEnv, expandVariables, MissingReferenceError, type PodFacts } from './environment.ts';
import type { ContainerPlan, RootFile } from './launch-script.ts';
import { LogFile } from './log-file.ts';
import type { NodeContext } from './node-context.ts';
import type { Container, ContainerState, LifecycleHandler, Probe } from './pod-spec.ts';
import { isSidecar } from './pod-spec.ts';
import type { ContainerView } from './pod-status.ts';
import type { PodVolumes } from './pod-volumes.ts';
import { httpGetCheck, runProbe } from './probe.ts';
import { type ProbeKind, Prober } from './prober.ts';
import { containerUser } from './security.ts';

/** What a container shares with the rest of its pod. */
export interface PodSurroundings {
  readonly node: NodeContext;
  readonly facts: () => PodFacts;
  readonly volumes: PodVolumes;
  readonly networkPath: string;
  /** The pod's folder on the host. */
  readonly folder: string;
  /** resolv.conf, hosts and the like, laid over every container's root. */
  readonly files: readonly RootFile[];
  readonly hostname: string;
  readonly event: (
    type: 'normal' | 'warning',
    reason: string,
    message: string,
    container?: Container,
  ) => void;
  /** Something that shows in the pod's status, or lets it go on, has changed. */
  readonly onChange: () => void;
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const maxTerminationMessage = 4096;
/** Between two attempts at a start that failed before the process ran. */
const retryMs = 2000;

/** One container of a pod over all its restarts: starting, probing, stopping, and what to report of it. */
export class ContainerRunner {
  readonly container: Container;
  readonly init: boolean;
  readonly #pod: PodSurroundings;
  readonly #backoff: CrashBackoff;
  #state: ContainerState = { waiting: { reason: 'PodInitializing' } };
  #lastState: ContainerState = {};
  #restarts = 0;
  #instances = 0;
  #started = false;
  #ready = false;
  #process: ContainerProcess | undefined;
  #image: LocalImage | undefined;
  #log: LogFile | undefined;
  #previousLog: LogFile | undefined;
  #probers: Prober[] = [];
  #starting = false;
  #pullAgainAt = 0;
  #stopping: Promise<void> | undefined;

  constructor(container: Container, init: boolean, pod: PodSurroundings) {
    this.container = container;
    this.init = init;
    this.#pod = pod;
    this.#backoff = new CrashBackoff(pod.node.clock);
    if (!init) this.#state = { waiting: { reason: 'ContainerCreating' } };
  }

  get running(): boolean {
    return this.#state.running !== undefined || this.#starting;
  }

  get terminated(): { exitCode: number } | undefined {
    return this.#state.terminated ?? (this.running ? undefined : this.#lastState.terminated);
  }

  /** Running, and its startup probe passed. */
  get started(): boolean {
    return this.#state.running !== undefined && this.#started;
  }

  get process(): ContainerProcess | undefined {
    return this.#process;
  }

  get log(): LogFile | undefined {
    return this.#log;
  }

  get previousLog(): LogFile | undefined {
    return this.#previousLog;
  }

  get view(): ContainerView {
    return {
      container: this.container,
      init: this.init,
      state: this.#state,
      lastState: this.#lastState,
      restartCount: this.#restarts,
      started: this.#started,
      ready: this.#ready,
      ...(this.#instances > 0 ? { containerId: this.#id } : {}),
    };
  }

  get #id(): string {
    return `lateen://${this.#pod.facts().pod.metadata.uid}/${this.container.name}/${this.#instances}`;
  }

  /** Says why it is not started yet. */
  wait(reason: string, message?: string): void {
    if (this.#instances > 0 || this.running) return;
    this.#setWaiting(reason, message);
  }

  /** Starts it, or starts it again when its back-off is over; resolves when it runs (postStart included) or cannot. Returns how long to wait otherwise. */
  async ensureRunning(): Promise<number> {
    if (this.running || this.#stopping) return 0;
    const again = this.#state.terminated !== undefined || this.#lastState.terminated !== undefined;
    if (again && this.#backoff.remainingMs > 0) {
      this.#waitForBackoff();
      return this.#backoff.remainingMs;
    }
    const reason = this.#state.waiting?.reason;
    if (reason === 'ImagePullBackOff') return 0;
    const pullLeftMs = this.#pullAgainAt - this.#pod.node.clock.now();
    if (reason === 'ErrImagePull' && pullLeftMs > 0) return pullLeftMs;
    this.#starting = true;
    try {
      await this.#start(again);
    } catch (error) {
      this.#refuse(error);
    } finally {
      this.#starting = false;
    }
    return this.#state.waiting === undefined ? 0 : retryMs;
  }

  #waitForBackoff(): void {
    if (this.#state.waiting?.reason === 'CrashLoopBackOff') return;
    const { pod } = this.#pod.facts();
    const where = `pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
    const message = `back-off ${formatSeconds(this.#backoff.delaySeconds)} restarting failed container=${this.container.name} ${where}`;
    if (this.#state.terminated) this.#lastState = { terminated: this.#state.terminated };
    this.#setWaiting('CrashLoopBackOff', message);
    this.#pod.event(
      'warning',
      'BackOff',
      `Back-off restarting failed container ${this.container.name} in pod ${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`,
      this.container,
    );
  }

  #refuse(error: unknown): void {
    const message = errorMessage(error);
    const waitable = error instanceof MissingReferenceError || error instanceof ContainerConfigError;
    const reason = waitable ? 'CreateContainerConfigError' : 'RunContainerError';
    if (this.#state.waiting?.reason !== reason || this.#state.waiting.message !== message) {
      this.#pod.event('warning', 'Failed', `Error: ${message}`, this.container);
    }
    this.#setWaiting(reason, message);
  }

  #setWaiting(reason: string, message?: string): void {
    const old = this.#state.waiting;
    // Telling of no change would call for the next attempt at once, for ever.
    if (old?.reason === reason && old.message === message) return;
    this.#state = { waiting: { reason, ...(message === undefined ? {} : { message }) } };
    this.#pod.onChange();
  }

  async #start(again: boolean): Promise<void> {
    const { node, event } = this.#pod;
    const image = resolveImage(this.container.image, node.images);
    if (image === undefined) return this.#imageMissing();
    this.#image = image;
    const plan = this.#plan(image);
    if (this.#state.terminated) this.#lastState = { terminated: this.#state.terminated };
    if (again) {
      this.#restarts++;
      this.#backoff.restarted();
    }
    this.#instances++;
    const folder = join(this.#pod.folder, 'containers', this.container.name, String(this.#instances));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const terminationLog = join(folder, 'termination-log');
    writeFileSync(terminationLog, '');
    // Past the umask: every user of the container may leave a word.
    chmodSync(terminationLog, 0o666);
    this.#rotateLogs(folder);
    const log = this.#log as LogFile;
    const process = await ContainerProcess.launch({
      plan: { ...plan, mounts: [...plan.mounts, this.#terminationMount(terminationLog)] },
      tools: node.tools,
      network: this.#pod.networkPath,
      folder,
      stdin: this.container.stdin === true,
      onOutput: (stream, chunk) => log.append(stream, chunk),
    });
    this.#process = process;
    const { image: name } = this.container;
    event('normal', 'Pulled', `Container image "${name}" already present on machine`, this.container);
    event('normal', 'Created', `Created container: ${this.container.name}`, this.container);
    await process.started;
    const startedAt = this.#now();
    this.#started = this.container.startupProbe === undefined;
    this.#ready = this.container.readinessProbe === undefined;
    this.#state = { running: { startedAt } };
    void process.exited.then((exit) => this.#ended(process, exit, startedAt, terminationLog));
    event('normal', 'Started', `Started container ${this.container.name}`, this.container);
    this.#pod.onChange();
    await this.#postStart(process);
    this.#startProbes(process);
  }

  #terminationMount(source: string) {
    const target = this.container.terminationMessagePath ?? '/dev/termination-log';
    return { source, target, readOnly: false, kind: 'file' as const };
  }

  #imageMissing(): void {
    const { image } = this.container;
    const message = missingImageMessage(image);
    if (this.#state.waiting?.reason === 'ErrImagePull') {
      this.#pod.event('normal', 'BackOff', `Back-off pulling image "${image}"`, this.container);
      return this.#setWaiting(
        'ImagePullBackOff',
        `Back-off pulling image "${image}": ErrImagePull: ${message}`,
      );
    }
    this.#pod.event('warning', 'Failed', `Failed to pull image "${image}": ${message}`, this.container);
    this.#pullAgainAt = this.#pod.node.clock.now() + retryMs;
    this.#setWaiting('ErrImagePull', message);
  }

  #plan(image: LocalImage): ContainerPlan {
    const facts = this.#pod.facts();
    const { container } = this;
    const user = containerUser(facts.pod.spec, container, image.user);
    if ('error' in user) throw new ContainerConfigError(user.error);
    const known = this.#pod.node.tools.capabilities;
    const env = containerEnv(facts, container, {
      PATH: defaultPath,
      HOSTNAME: this.#pod.hostname,
      ...(user.uid === 0 ? { HOME: '/root' } : { HOME: '/' }),
      ...(container.tty ? { TERM: 'xterm' } : {}),
      ...this.#pod.node.serviceEnv(facts.pod.metadata.namespace ?? 'default'),
      ...image.env,
    });
    const words = (list: readonly string[]) => list.map((word) => expandVariables(word, env));
    const command = container.command?.length ? words(container.command) : image.entrypoint;
    const args = container.args?.length ? words(container.args) : container.command?.length ? [] : image.cmd;
    return {
      argv: [...command, ...args],
      env: { NODE_COMPILE_CACHE: this.#pod.node.compileCache.target, ...env },
      workingDir: container.workingDir || image.workingDir || '/',
      hostname: this.#pod.hostname,
      user:
        user.capabilities === 'all'
          ? user
          : { ...user, capabilities: user.capabilities.filter((name) => name === 'all' || known.has(name)) },
      readOnlyRoot: container.securityContext?.readOnlyRootFilesystem === true,
      mounts: [...packageMounts(), this.#pod.node.compileCache, ...this.#pod.volumes.mounts(container, env)],
      files: [...this.#pod.files, ...packageCommands()],
    };
  }

  #rotateLogs(folder: string): void {
    this.#previousLog?.remove();
    this.#previousLog = this.#log;
    this.#log = new LogFile(join(folder, 'log'), this.#pod.node.clock);
  }

  async #postStart(process: ContainerProcess): Promise<void> {
    const hook = this.container.lifecycle?.postStart;
    if (hook === undefined) return;
    const failure = await this.#runHook(hook, process, 0);
    if (failure === undefined || !process.running) return;
    this.#pod.event('warning', 'FailedPostStartHook', `PostStartHook failed: ${failure}`, this.container);
    process.signal('SIGKILL');
    await process.exited;
  }

  /** Runs a lifecycle hook; undefined on success. `limitMs` of 0 means no limit but the container's end. */
  async #runHook(
    hook: LifecycleHandler,
    process: ContainerProcess,
    limitMs: number,
  ): Promise<string | undefined> {
    try {
      if (hook.exec) {
        const argv = process.execArgv(hook.exec.command ?? []);
        if (argv === undefined) return 'the container is not running';
        const { code, output } = await runBounded(argv, limitMs, this.#pod.node.clock);
        return code === 0
          ? undefined
          : `command ${JSON.stringify(hook.exec.command)} exited with ${code}: ${output}`;
      }
      if (hook.httpGet) {
        const target = { podIp: this.#pod.facts().podIp, container: this.container };
        const result = await httpGetCheck(hook.httpGet, target, limitMs || 30_000);
        return result.ok ? undefined : result.message;
      }
      if (hook.sleep) {
        const done = new Promise<void>((resolve) => {
          this.#pod.node.clock.after((hook.sleep?.seconds ?? 0) * 1000, resolve);
        });
        await Promise.race([done, process.exited]);
      }
      return undefined;
    } catch (error) {
      return errorMessage(error);
    }
  }

  #startProbes(process: ContainerProcess): void {
    if (!process.running || this.#stopping) return;
    const { startupProbe, livenessProbe, readinessProbe } = this.container;
    const others = () => {
      this.#probe('liveness', livenessProbe, process, (healthy, message) => {
        if (!healthy) this.#unhealthy('liveness', livenessProbe, message);
      });
      this.#probe('readiness', readinessProbe, process, (healthy) => {
        this.#ready = healthy;
        this.#pod.onChange();
      });
    };
    if (startupProbe === undefined) return others();
    this.#probe('startup', startupProbe, process, (healthy, message) => {
      if (!healthy) return this.#unhealthy('startup', startupProbe, message);
      this.#started = true;
      this.#pod.onChange();
      others();
    });
  }

  #probe(
    kind: ProbeKind,
    probe: Probe | undefined,
    process: ContainerProcess,
    onVerdict: (ok: boolean, message: string) => void,
  ): void {
    if (probe === undefined) return;
    const { node } = this.#pod;
    const exec = async (command: readonly string[], timeoutMs: number) => {
      const argv = process.execArgv(command);
      return argv === undefined
        ? { code: 1, output: 'not running' }
        : runBounded(argv, timeoutMs, node.clock);
    };
    const prober = new Prober({
      kind,
      probe,
      clock: node.clock,
      attempt: () => runProbe(probe, { podIp: this.#pod.facts().podIp, container: this.container, exec }),
      onVerdict,
      onFailure: (message) => {
        const title = kind[0]?.toUpperCase() + kind.slice(1);
        this.#pod.event('warning', 'Unhealthy', `${title} probe failed: ${message}`, this.container);
      },
    });
    this.#probers.push(prober);
    prober.start();
  }

  #unhealthy(kind: ProbeKind, probe: Probe | undefined, message: string): void {
    const grace =
      probe?.terminationGracePeriodSeconds ?? this.#pod.facts().pod.spec.terminationGracePeriodSeconds ?? 30;
    this.#pod.event(
      'normal',
      'Killing',
      `Container ${this.container.name} failed ${kind} probe, will be restarted`,
      this.container,
    );
    this.#pod.node.log.debug('container is unhealthy', {
      container: this.container.name,
      probe: kind,
      message,
    });
    void this.stop(grace * 1000);
  }

  /** Stops it: preStop, then its stop signal, then SIGKILL when `graceMs` are over. Resolves when it has ended. */
  stop(graceMs: number): Promise<void> {
    const process = this.#process;
    if (process === undefined || !process.running) return Promise.resolve();
    this.#stopping ??= this.#stop(process, graceMs).finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  async #stop(process: ContainerProcess, graceMs: number): Promise<void> {
    const { clock } = this.#pod.node;
    for (const prober of this.#probers) prober.stop();
    const killer = clock.after(graceMs, () => process.signal('SIGKILL'));
    const hook = this.container.lifecycle?.preStop;
    if (hook !== undefined && graceMs > 0) {
      const failure = await Promise.race([
        this.#runHook(hook, process, graceMs),
        process.exited.then(() => undefined),
      ]);
      if (failure !== undefined) {
        this.#pod.event('warning', 'FailedPreStopHook', `PreStopHook failed: ${failure}`, this.container);
      }
    }
    process.signal(graceMs > 0 ? (this.#image?.stopSignal ?? 'SIGTERM') : 'SIGKILL');
    await process.exited;
    killer.cancel();
  }

  /** Ends it now. */
  kill(): void {
    this.#process?.signal('SIGKILL');
  }

  #ended(process: ContainerProcess, exit: ContainerExit, startedAt: string, terminationLog: string): void {
    for (const prober of this.#probers) prober.stop();
    this.#probers = [];
    this.#started = false;
    this.#ready = false;
    this.#log?.close();
    const message = exit.startError ?? this.#terminationMessage(terminationLog, exit);
    this.#state = {
      terminated: {
        exitCode: exit.exitCode,
        ...(exit.signal === undefined ? {} : { signal: exit.signal }),
        reason: exit.startError ? 'StartError' : exit.exitCode === 0 ? 'Completed' : 'Error',
        ...(message === '' ? {} : { message }),
        startedAt,
        finishedAt: this.#now(),
        containerID: this.#id,
      },
    };
    if (this.#process === process) this.#process = undefined;
    this.#backoff.ended(this.#pod.node.clock.now() - Date.parse(startedAt));
    this.#pod.onChange();
  }

  #terminationMessage(path: string, exit: ContainerExit): string {
    const written = existsSync(path) ? readFileSync(path, 'utf8').slice(0, maxTerminationMessage) : '';
    const fallback =
      this.container.terminationMessagePolicy === 'FallbackToLogsOnError' && exit.exitCode !== 0;
    if (written !== '' || !fallback || this.#log === undefined || !existsSync(this.#log.path)) return written;
    const lines = readFileSync(this.#log.path, 'utf8').trimEnd().split('\n').slice(-80);
    return lines
      .map((line) => line.split(' ').slice(3).join(' '))
      .join('\n')
      .slice(-2048);
  }

  #now(): string {
    return new Date(this.#pod.node.clock.now()).toISOString().slice(0, 19) + 'Z';
  }

  get sidecar(): boolean {
    return this.init && isSidecar(this.container);
  }

  /** Forgets logs and closes files; the pod is gone. */
  dispose(): void {
    for (const prober of this.#probers) prober.stop();
    this.#log?.close();
    this.#previousLog?.close();
  }
}

/** A setting that no start can satisfy; shown as CreateContainerConfigError. */
class ContainerConfigError extends Error {}

function formatSeconds(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}

export type { ImageOverrides };

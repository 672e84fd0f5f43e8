import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Timer } from '../../base/clock.ts';
import { errorMessage } from '../../base/log.ts';
import { ApiError } from '../../kube/client.ts';
import type { Fields } from '../api/object.ts';
import type { PodNetwork } from '../network/cluster-network.ts';
import { coreResources } from '../resources.ts';
import { ContainerRunner } from './container-runner.ts';
import type { PodFacts } from './environment.ts';
import { MissingReferenceError } from './environment.ts';
import type { NodeContext } from './node-context.ts';
import { type DnsSettings, podFiles, podHostname } from './pod-files.ts';
import type { Container, Pod } from './pod-spec.ts';
import { isSidecar } from './pod-spec.ts';
import { podStatus } from './pod-status.ts';
import { PodVolumes } from './pod-volumes.ts';

/** After the grace period sidecars still get this long, as kubelet has it. */
const minimumGraceMs = 2000;
const retryMs = 2000;

/**
 * Drives one pod from its binding to its end. Everything that happens (an object changed, a container ended, a probe's verdict, a timer)
 * calls `sync`, which looks at the whole and does the next step; there is one step at a time.
 *
 *     network, volumes → init containers in order (sidecars stay) → containers → … → stop: containers, then sidecars in reverse
 */
export class PodWorker {
  readonly #node: NodeContext;
  readonly #dns: DnsSettings;
  readonly #folder: string;
  readonly #volumes: PodVolumes;
  readonly #onGone: () => void;
  #pod: Pod;
  #network: PodNetwork | undefined;
  #prepared = false;
  #runners: ContainerRunner[] = [];
  #timer: Timer | undefined;
  #deadline: Timer | undefined;
  #startTime: string;
  #failure: { reason: string; message: string } | undefined;
  #terminating: Promise<void> | undefined;
  #finished = false;
  #gone = false;
  #begun = false;
  #syncing = false;
  #again = false;
  #published = '';
  #publishing: Promise<void> | undefined;
  #stale = false;

  constructor(node: NodeContext, dns: DnsSettings, pod: Pod, onGone: () => void) {
    this.#node = node;
    this.#dns = dns;
    this.#pod = pod;
    this.#onGone = onGone;
    this.#folder = join(node.folder, 'pods', pod.metadata.uid ?? pod.metadata.name);
    this.#startTime = this.#now();
    this.#volumes = new PodVolumes({
      api: node.api,
      clock: node.clock,
      log: node.log,
      folder: this.#folder,
      claims: join(node.folder, 'claims'),
    });
    const spec = pod.spec;
    const runner = (init: boolean) => (container: Container) => this.#runner(container, init);
    this.#runners = [...(spec.initContainers ?? []).map(runner(true)), ...spec.containers.map(runner(false))];
  }

  get pod(): Pod {
    return this.#pod;
  }

  get network(): PodNetwork | undefined {
    return this.#network;
  }

  container(name: string): ContainerRunner | undefined {
    return this.#runners.find((runner) => runner.container.name === name);
  }

  #runner(container: Container, init: boolean): ContainerRunner {
    const worker = this;
    return new ContainerRunner(container, init, {
      node: this.#node,
      facts: () => this.#facts(),
      volumes: this.#volumes,
      folder: this.#folder,
      hostname: podHostname(this.#pod.spec, this.#pod.metadata.name),
      get networkPath() {
        return worker.#network?.path ?? '';
      },
      get files() {
        const { spec, metadata } = worker.#pod;
        const names = { hostname: podHostname(spec, metadata.name), ip: worker.#network?.ip ?? '' };
        return podFiles(spec, metadata.namespace ?? 'default', names, worker.#dns);
      },
      event: (type, reason, message, of) => this.#event(type, reason, message, of),
      onChange: () => this.sync(),
    });
  }

  #event(type: 'normal' | 'warning', reason: string, message: string, container?: Container): void {
    const list =
      container && this.#pod.spec.initContainers?.includes(container) ? 'initContainers' : 'containers';
    this.#node.events[type](this.#pod, reason, message, container && `spec.${list}{${container.name}}`);
  }

  #facts(): PodFacts {
    const namespace = this.#pod.metadata.namespace ?? 'default';
    const { api, nodeName, network } = this.#node;
    return {
      pod: this.#pod,
      podIp: this.#network?.ip ?? '',
      nodeName,
      nodeIp: network.plan.nodeIp,
      configMap: (name) => api.read(coreResources.configMaps, name, namespace) as Fields | undefined,
      secret: (name) => api.read(coreResources.secrets, name, namespace) as Fields | undefined,
    };
  }

  /** The object changed. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp === undefined) return this.sync();
    if (this.#finished) return this.#background(this.#remove());
    this.#background(
      this.terminate(pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30),
    );
  }

  /** A ConfigMap or Secret of the namespace changed. */
  sourceChanged(kind: 'configMaps' | 'secrets', name: string): void {
    if (this.#prepared) this.#background(this.#volumes.refresh(this.#facts(), kind, name));
    this.sync();
  }

  /** A fault in one pod must not end the whole cluster. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#node.log.error('pod step failed', { pod: this.#pod.metadata.name, error: errorMessage(error) });
    });
  }

  sync(): void {
    this.#publish();
    if (this.#syncing) {
      this.#again = true;
      return;
    }
    this.#syncing = true;
    this.#background(this.#syncLoop());
  }

  async #syncLoop(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#step();
      } catch (error) {
        this.#node.log.error('pod step failed', { pod: this.#pod.metadata.name, error: errorMessage(error) });
        this.#retryAfter(retryMs);
      }
    } while (this.#again);
    this.#syncing = false;
  }

  async #step(): Promise<void> {
    if (this.#terminating || this.#finished) return;
    if (!(await this.#prepare())) return;
    const policy = this.#pod.spec.restartPolicy ?? 'Always';
    for (const runner of this.#runners.filter(({ init }) => init)) {
      if (this.#terminating) return;
      if (!(await this.#initStep(runner, policy))) return;
    }
    const main = this.#runners.filter(({ init }) => !init);
    this.#begun = true;
    for (const runner of main) {
      if (this.#terminating) return;
      const end = runner.terminated;
      if (end !== undefined && (policy === 'Never' || (policy === 'OnFailure' && end.exitCode === 0)))
        continue;
      await this.#ensure(runner);
    }
    const over = main.every(({ terminated }) => {
      return (
        terminated !== undefined &&
        (policy === 'Never' || (policy === 'OnFailure' && terminated.exitCode === 0))
      );
    });
    if (over) await this.#finish();
  }

  /** True when the next container may follow. */
  async #initStep(runner: ContainerRunner, policy: string): Promise<boolean> {
    if (isSidecar(runner.container)) {
      await this.#ensure(runner);
      return runner.started || this.#begun;
    }
    if (this.#begun || runner.view.state.terminated?.exitCode === 0) return true;
    if (runner.running) return false;
    if (runner.view.state.terminated && policy === 'Never') {
      await this.#finish();
      return false;
    }
    await this.#ensure(runner);
    return false;
  }

  async #ensure(runner: ContainerRunner): Promise<void> {
    const waitMs = await runner.ensureRunning();
    if (waitMs > 0) this.#retryAfter(waitMs);
  }

  async #prepare(): Promise<boolean> {
    if (this.#prepared) return true;
    const { metadata, spec } = this.#pod;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o755 });
      if (this.#network === undefined) {
        const sysctls = (spec.securityContext?.sysctls ?? []).map(({ name, value }) => `${name}=${value}`);
        const label = `${metadata.name.slice(0, 80)}-${(metadata.uid ?? '').slice(0, 6)}`;
        this.#network = spec.hostNetwork
          ? this.#node.network.node
          : await this.#node.network.attach(label, sysctls);
        if (this.#finished) {
          // The pod was deleted meanwhile and its network looked for in vain.
          if (!spec.hostNetwork) await this.#node.network.detach(this.#network);
          return false;
        }
        this.#publish();
      }
      await this.#volumes.prepare(this.#facts());
      this.#prepared = true;
      this.#watchDeadline();
      return true;
    } catch (error) {
      const missing = error instanceof MissingReferenceError || error instanceof ApiError;
      this.#event('warning', missing ? 'FailedMount' : 'FailedCreatePodSandBox', errorMessage(error));
      for (const runner of this.#runners) runner.wait(runner.init ? 'PodInitializing' : 'ContainerCreating');
      this.#retryAfter(retryMs);
      return false;
    }
  }

  #watchDeadline(): void {
    const seconds = this.#pod.spec.activeDeadlineSeconds;
    if (seconds === undefined) return;
    this.#deadline = this.#node.clock.after(seconds * 1000, () => {
      this.#failure = {
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      };
      this.#background(this.#finish());
    });
  }

  #retryAfter(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#node.clock.after(ms, () => this.sync());
  }

  /** The pod has come to its end by itself: sidecars go, the network is given back, logs stay until it is deleted. */
  async #finish(): Promise<void> {
    if (this.#finished) return;
    await this.#stopAll((this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1000);
    await this.#release();
    this.#finished = true;
    this.#publish();
    if (this.#pod.metadata.deletionTimestamp !== undefined) await this.#remove();
  }

  /** Stops everything within the grace period and takes the object out of the API. */
  terminate(graceSeconds: number): Promise<void> {
    if (graceSeconds === 0) this.#killAll();
    // A second, more impatient deletion cuts the first one short.
    else if (this.#terminating) this.#node.clock.after(graceSeconds * 1000, () => this.#killAll());
    this.#terminating ??= this.#terminate(graceSeconds);
    return this.#terminating;
  }

  #killAll(): void {
    for (const runner of this.#runners) runner.kill();
  }

  async #terminate(graceSeconds: number): Promise<void> {
    this.#timer?.cancel();
    await this.#stopAll(graceSeconds * 1000);
    await this.#release();
    this.#finished = true;
    this.#publish();
    await this.#publishing;
    await this.#remove();
  }

  async #stopAll(graceMs: number): Promise<void> {
    const { clock } = this.#node;
    const end = clock.monotonic() + graceMs;
    const live = this.#runners.filter(({ process }) => process?.running);
    for (const { container } of live)
      this.#event('normal', 'Killing', `Stopping container ${container.name}`, container);
    const main = this.#runners.filter((runner) => !runner.sidecar);
    await Promise.all(main.map((runner) => runner.stop(graceMs)));
    for (const runner of this.#runners.filter(({ sidecar }) => sidecar).reverse()) {
      const leftMs = graceMs === 0 ? 0 : Math.max(minimumGraceMs, end - clock.monotonic());
      await runner.stop(leftMs);
    }
  }

  async #release(): Promise<void> {
    this.#timer?.cancel();
    this.#deadline?.cancel();
    this.#volumes.stop();
    // A start that was under way when the stop came ends here.
    while (this.#runners.some(({ process, running }) => running || process?.running)) {
      this.#killAll();
      await new Promise<void>((resolve) => void this.#node.clock.after(20, resolve));
    }
    if (this.#network !== undefined && !this.#pod.spec.hostNetwork)
      await this.#node.network.detach(this.#network);
  }

  async #remove(): Promise<void> {
    if (this.#gone) return;
    this.#gone = true;
    const { name, namespace = 'default', uid = '' } = this.#pod.metadata;
    try {
      await this.#node.api
        .client('kubelet')
        .delete(coreResources.pods, name, { namespace, gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!(error instanceof ApiError && (error.code === 404 || error.code === 409))) {
        this.#gone = false;
        this.#node.log.warn('pod could not be removed', { pod: name, error: errorMessage(error) });
        this.#node.clock.after(retryMs, () => this.#background(this.#remove()));
      }
    }
  }

  /** The object is gone from the API, or the node ends: kills what still runs and deletes the pod's files. */
  async destroy(): Promise<void> {
    this.#gone = true;
    await this.terminate(0);
    for (const runner of this.#runners) runner.dispose();
    rmSync(this.#folder, { recursive: true, force: true });
    this.#onGone();
  }

  #publish(): void {
    this.#stale = true;
    this.#publishing ??= this.#publishLoop().finally(() => {
      this.#publishing = undefined;
    });
  }

  async #publishLoop(): Promise<void> {
    // One turn later, so that changes of one turn are one write.
    await Promise.resolve();
    while (this.#stale) {
      this.#stale = false;
      await this.#publishOnce();
    }
  }

  async #publishOnce(): Promise<void> {
    if (this.#gone) return;
    const { name, namespace = 'default', uid } = this.#pod.metadata;
    const current = this.#node.api.read(coreResources.pods, name, namespace) as Pod | undefined;
    if (current === undefined || current.metadata.uid !== uid) return;
    const status = podStatus({
      pod: current,
      containers: this.#runners.map(({ view }) => view),
      podIp: this.#network?.ip,
      nodeIp: this.#node.network.plan.nodeIp,
      networkReady: this.#network !== undefined && !this.#finished,
      now: this.#now(),
      startTime: this.#startTime,
      ended: this.#finished,
      ...(this.#failure ? { failure: this.#failure } : {}),
    });
    const text = JSON.stringify(status);
    if (text === this.#published) return;
    const patch = { status: { ...status, reason: status.reason ?? null, message: status.message ?? null } };
    try {
      const client = this.#node.api.client('kubelet');
      await client.patch(coreResources.pods, name, 'merge', patch, { namespace, subresource: 'status' });
      this.#published = text;
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return;
      this.#node.log.warn('pod status could not be written', { pod: name, error: errorMessage(error) });
      this.#node.clock.after(retryMs, () => this.#publish());
    }
  }

  #now(): string {
    return new Date(this.#node.clock.now()).toISOString().slice(0, 19) + 'Z';
  }
}

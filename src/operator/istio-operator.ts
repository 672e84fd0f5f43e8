import type { KubeObject } from '../api/object.ts';
import { formatIssue, hasErrors } from '../base/issue.ts';
import type { Informer } from '../kube/informer.ts';
import { TerminalError, TransientError } from '../kube/reconcile-error.ts';
import { keyOf, resources } from '../kube/resource.ts';
import {
  eventKey,
  type ResourceEvent,
  RobustOperator,
  type RobustOperatorOptions,
} from '../kube/robust-operator.ts';
import { isAlreadyExists } from '../kube/status-error.ts';
import type { Library } from '../render/library.ts';
import { objectsOf, type Rendering, render } from '../render/render.ts';
import { Applier, failureText, removeObjects } from './apply-plan.ts';
import { type Assessment, assess } from './assess.ts';
import { finalize } from './finalize.ts';
import { OwnedObjects } from './owned-objects.ts';
import { finalizer, ignoreAnnotation, iopResource, type Owner, owned } from './ownership.ts';
import { failed } from './status.ts';
import { type Iop, StatusWriter } from './status-writer.ts';

export interface IstioOperatorOptions extends RobustOperatorOptions {
  readonly library: Library;
  /** Only IstioOperators of this namespace; all when absent. */
  readonly watchNamespace?: string;
  /** How long components may take to get ready before the status says ERROR. */
  readonly readyTimeoutMs?: number;
}

interface Rendered {
  readonly generation: number;
  readonly rendering: Rendering;
  /** Its objects with their owner's marks. */
  readonly objects: readonly KubeObject[];
}

/** How often a healthy and an unsettled installation are looked at again when nothing happens. */
const resyncMs = 300_000;
const unsettledMs = 3_000;

/**
 * Reconciles IstioOperator resources: render, apply, prune, report. Level-based: each pass reads the newest spec and the cluster and makes
 * them agree, whatever happened in between.
 */
export class IstioOperator extends RobustOperator {
  readonly #library: Library;
  readonly #watchNamespace: string | undefined;
  readonly #readyTimeoutMs: number;
  readonly #applier: Applier;
  readonly #owned: OwnedObjects;
  /** Last objects of an owner that rendered without fault; healed while its newest spec is broken. */
  readonly #lastGood = new Map<string, readonly KubeObject[]>();
  readonly #rendered = new Map<string, Rendered>();
  readonly #status: StatusWriter;
  /** Since when a generation waits for its components, monotonic ms. */
  readonly #waiting = new Map<string, { generation: number; since: number }>();
  #iops: Informer | undefined;
  #enqueue: (key: string) => void = () => undefined;

  constructor(options: IstioOperatorOptions) {
    super(options);
    this.#library = options.library;
    this.#watchNamespace = options.watchNamespace;
    this.#readyTimeoutMs = options.readyTimeoutMs ?? 300_000;
    this.#status = new StatusWriter(this.client, this.clock, this.log);
    this.#applier = new Applier(this.client, this.mapper);
    this.#owned = new OwnedObjects(this.client, {
      clock: this.clock,
      logger: this.log,
      onChange: (uid) => this.#onOwnedChange(uid),
    });
  }

  protected override async init(): Promise<void> {
    const { signal } = this.stopping;
    this.runInBackground(this.#owned.run(signal));
    await this.#owned.waitForSync(signal);
    const { informer, queue } = await this.watchKeys(
      iopResource.group,
      iopResource.version,
      iopResource.plural,
      (event) => this.#reconcile(event),
      this.#watchNamespace,
      ({ type, object }) => {
        if (type !== 'deleted' && isOurs(object as Iop)) this.#status.announce(object as Iop);
      },
    );
    this.#iops = informer;
    this.#enqueue = (key) => queue.add(key);
    // Changes of owned objects that came before the queue was there.
    for (const iop of informer.values()) queue.add(keyOf(iop));
  }

  /** A CRD belongs to all. */
  #onOwnedChange(uid: string | undefined): void {
    for (const iop of this.#iops?.values() ?? []) {
      if (uid === undefined || iop.metadata.uid === uid) this.#enqueue(keyOf(iop));
    }
  }

  async #reconcile(event: ResourceEvent): Promise<{ requeueAfterMs: number } | undefined> {
    const iop = event.object as unknown as Iop;
    const key = eventKey(event);
    if (isIgnored(iop)) return undefined;
    if (event.type === 'DELETED') {
      // Somebody may have taken our finalizer off; what it made must go all the same.
      await finalize(this.client, iop, { now: this.clock.now(), last: this.#isLast(iop) });
      this.#forget(iop);
      return undefined;
    }
    if (iop.metadata.deletionTimestamp !== undefined) return this.#finalize(event, iop);
    const { rendering, objects } = this.#render(iop);
    if (hasErrors(rendering.issues)) return this.#refuse(iop, rendering);
    await this.#addFinalizer(event, iop);
    this.#refuseForeign(iop, objects);
    await this.#ensureNamespaces(rendering.namespace, objects);
    const { live, changed, failures } = await this.#applier.apply(objects, (resource, at) =>
      this.#owned.liveOf(resource, at),
    );
    if (changed.length > 0) this.log.info('applied', { key, objects: changed.length });
    this.#lastGood.set(iop.metadata.uid as string, objects);
    const pruned = failures.length > 0 ? [] : await this.#prune(key, iop.metadata.uid as string, objects);
    const assessment = await assess({
      client: this.client,
      rendering,
      live,
      failures: [...failures, ...pruned],
      version: this.#library.version,
      waitedMs: this.#waitedMs(iop),
    });
    return this.#conclude(iop, assessment, [...failures, ...pruned].length > 0);
  }

  /** A spec is rendered once, however often its objects are looked after. */
  #render(iop: Iop): Rendered {
    const uid = iop.metadata.uid as string;
    const generation = iop.metadata.generation ?? 0;
    const known = this.#rendered.get(uid);
    if (known?.generation === generation) return known;
    const rendering = render({ specs: [iop.spec ?? {}] }, this.#library);
    const owner = ownerOf(iop);
    const objects = objectsOf(rendering).map((object) => owned(object, owner));
    const rendered = { generation, rendering, objects };
    this.#rendered.set(uid, rendered);
    for (const issue of rendering.issues) {
      if (issue.severity === 'warning')
        this.log.warn('IstioOperator', { key: keyOf(iop), issue: formatIssue(issue) });
    }
    return rendered;
  }

  async #conclude(
    iop: Iop,
    { outcome, settled }: Assessment,
    retry: boolean,
  ): Promise<{ requeueAfterMs: number } | undefined> {
    const newest = this.#iops?.get(keyOf(iop));
    // A newer spec is already queued; its RECONCILING must stand.
    if (newest !== undefined && newest.metadata.generation !== iop.metadata.generation) return undefined;
    if (settled) this.#waiting.delete(iop.metadata.uid as string);
    const waited = this.#waitedMs(iop);
    const late = !settled && !retry && waited > this.#readyTimeoutMs;
    const minutes = `${Math.floor(this.#readyTimeoutMs / 60_000)}m${(this.#readyTimeoutMs / 1000) % 60}s`;
    const told = late
      ? {
          ...outcome,
          phase: 'ERROR' as const,
          reason: 'Timeout',
          message: `resources not ready after ${minutes}: ${outcome.message}`,
        }
      : outcome;
    await this.#status.write(iop, told);
    if (retry) throw new TransientError(outcome.reason, outcome.message);
    return { requeueAfterMs: settled ? resyncMs : unsettledMs };
  }

  /** The spec is wrong: say so, keep the last good state, heal it meanwhile, and wait for the user. */
  async #refuse(iop: Iop, rendering: Rendering): Promise<never> {
    const faults = rendering.issues.filter((issue) => issue.severity === 'error');
    const message = faults.map(formatIssue).join('; ');
    await this.#status.write(iop, failed(iop.status, faults[0]?.code ?? 'InvalidSpec', message, true));
    const kept = this.#lastGood.get(iop.metadata.uid as string);
    if (kept !== undefined)
      await this.#applier.apply(kept, (resource, key) => this.#owned.liveOf(resource, key));
    throw new TerminalError('InvalidSpec', message);
  }

  /** Two IstioOperators that render the same object would overwrite each other for ever. */
  #refuseForeign(iop: Iop, objects: readonly KubeObject[]): void {
    const others = [...(this.#iops?.values() ?? [])].filter(
      (other) => other.metadata.uid !== iop.metadata.uid && !isIgnored(other as Iop),
    );
    for (const other of others) {
      if (other.metadata.deletionTimestamp !== undefined) continue;
      const theirs = new Set(
        this.#owned
          .ownedBy(other.metadata.uid as string)
          .map(({ object }) => `${object.kind}/${keyOf(object)}`),
      );
      const clash = objects.find((object) => theirs.has(`${object.kind}/${keyOf(object)}`));
      if (clash === undefined) continue;
      const message = `${clash.kind} ${keyOf(clash)} belongs to IstioOperator ${keyOf(other)}: give this one another spec.revision or component names, or delete the other`;
      this.#status.write(iop, failed(iop.status, 'OwnedByOther', message, true)).catch(() => undefined);
      throw new TerminalError('OwnedByOther', message);
    }
  }

  async #addFinalizer(event: ResourceEvent, iop: Iop): Promise<void> {
    const present = iop.metadata.finalizers ?? [];
    if (!present.includes(finalizer)) await this.setResourceFinalizers(event.meta, [...present, finalizer]);
  }

  async #ensureNamespaces(namespace: string, objects: readonly KubeObject[]): Promise<void> {
    const made = new Set(
      objects.filter((object) => object.kind === 'Namespace').map((object) => object.metadata.name),
    );
    const used = new Set([namespace, ...objects.flatMap((object) => object.metadata.namespace ?? [])]);
    for (const name of used) {
      if (made.has(name) || this.#owned.usesNamespace(name)) continue;
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      await this.client.create(resources.namespaces, object).catch((failure: unknown) => {
        if (!isAlreadyExists(failure)) throw failure;
      });
    }
  }

  /** Removes what this owner made before and no longer renders. */
  async #prune(key: string, uid: string, objects: readonly KubeObject[]) {
    const wanted = new Set(objects.map((object) => `${object.kind}/${keyOf(object)}`));
    const stale = this.#owned
      .ownedBy(uid)
      .filter(({ object }) => !wanted.has(`${object.kind}/${keyOf(object)}`));
    if (stale.length > 0) {
      this.log.info('pruning', {
        key,
        objects: stale.map(({ object }) => `${object.kind}/${keyOf(object)}`),
      });
    }
    return removeObjects(this.client, stale);
  }

  async #finalize(event: ResourceEvent, iop: Iop): Promise<{ requeueAfterMs: number } | undefined> {
    const others = iop.metadata.finalizers ?? [];
    if (!others.includes(finalizer)) return undefined;
    const { done, failures } = await finalize(this.client, iop, {
      now: this.clock.now(),
      last: this.#isLast(iop),
    });
    if (!done) throw new TransientError('RemovalIncomplete', failureText(failures));
    if (failures.length > 0)
      await this.#status.tell(iop, 'Warning', 'RemovalIncomplete', `left behind: ${failureText(failures)}`);
    await this.setResourceFinalizers(
      event.meta,
      others.filter((name) => name !== finalizer),
    );
    this.log.info('removed', { key: eventKey(event) });
    return undefined;
  }

  #isLast(iop: Iop): boolean {
    return [...(this.#iops?.values() ?? [])].every((other) => other.metadata.uid === iop.metadata.uid);
  }

  #waitedMs(iop: Iop): number {
    const uid = iop.metadata.uid as string;
    const generation = iop.metadata.generation ?? 0;
    const now = this.clock.monotonic();
    const known = this.#waiting.get(uid);
    if (known?.generation === generation) return now - known.since;
    this.#waiting.set(uid, { generation, since: now });
    return 0;
  }

  #forget(iop: Iop): void {
    const uid = iop.metadata.uid as string;
    for (const map of [this.#rendered, this.#lastGood, this.#waiting]) map.delete(uid);
    this.#status.forget(uid);
  }
}

function ownerOf(iop: Iop): Owner {
  return {
    name: iop.metadata.name,
    namespace: iop.metadata.namespace ?? '',
    uid: iop.metadata.uid as string,
  };
}

/** One to be installed, not left alone and not on its way out. */
function isOurs(iop: Iop): boolean {
  return !isIgnored(iop) && iop.metadata.deletionTimestamp === undefined;
}

function isIgnored(iop: Iop): boolean {
  return iop.metadata.annotations?.[ignoreAnnotation] === 'true';
}

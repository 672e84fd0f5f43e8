import type { Clock } from '../../base/clock.ts';
import { errorMessage, type Logger } from '../../base/log.ts';
import { ApiError, type KubeClient, type Resource } from '../../kube/client.ts';
import { WorkQueue } from '../../kube/work-queue.ts';
import type { LocalApi, ObjectChange } from '../api/local-api.ts';
import type { EventRecorder } from '../event-recorder.ts';

/** What every controller works with. */
export interface ControllerContext {
  readonly api: LocalApi;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly nodeName: string;
}

export interface Watch {
  readonly resource: Resource;
  /** Keys (`namespace/name` of the controller's own kind) to look at again after this change. */
  readonly keys: (change: ObjectChange) => readonly string[];
}

/** A loop that looks at one object by key and brings the world in line with it; called again after any change that may matter. */
export interface Controller {
  readonly name: string;
  readonly watches: readonly Watch[];
  /** Resolves to milliseconds after which to look again, or nothing. A rejection is retried with back-off. */
  readonly reconcile: (namespace: string, name: string) => Promise<number | undefined>;
}

/** Runs a controller until the signal aborts: one key at a time, changes coalesced. */
export function runController(controller: Controller, context: ControllerContext, signal: AbortSignal): void {
  const queue = new WorkQueue({ clock: context.clock, baseMs: 20, maxMs: 30_000 });
  const unsubscribes = controller.watches.map(({ resource, keys }) =>
    context.api.subscribe(resource, (change) => {
      for (const key of keys(change)) queue.add(key);
    }),
  );
  signal.addEventListener('abort', () => {
    for (const unsubscribe of unsubscribes) unsubscribe();
    queue.clear();
  });
  void work(controller, context, queue, signal);
}

async function work(
  controller: Controller,
  context: ControllerContext,
  queue: WorkQueue,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const key = await queue.take(signal);
    if (key === undefined) return;
    const slash = key.indexOf('/');
    try {
      const again = await controller.reconcile(key.slice(0, slash), key.slice(slash + 1));
      queue.forget(key);
      if (again !== undefined) queue.addAfter(key, again);
    } catch (error) {
      // A conflict only means that somebody was quicker; gone namespaces and objects answer the same way.
      const ordinary = error instanceof ApiError && [404, 409, 403].includes(error.code);
      context.log[ordinary ? 'debug' : 'warn']('reconcile failed', {
        controller: controller.name,
        key,
        error: errorMessage(error),
      });
      if (!signal.aborted) queue.retry(key);
    }
    queue.done(key);
  }
}

/** `namespace/name` of the changed object itself. */
export function ownKey({ object }: ObjectChange): string[] {
  return [`${object.metadata.namespace ?? ''}/${object.metadata.name}`];
}

/** The key of the object of `kind` that controls the changed one. */
export function controllerKey(kind: string): (change: ObjectChange) => string[] {
  return ({ object }) => {
    const owner = object.metadata.ownerReferences?.find(
      (ref) => ref.controller === true && ref.kind === kind,
    );
    return owner === undefined ? [] : [`${object.metadata.namespace ?? ''}/${owner.name}`];
  };
}

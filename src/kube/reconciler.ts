import type { Logger } from '../base/log.ts';
import { errorMessage } from '../base/log.ts';
import { failureKind } from './reconcile-error.ts';
import { isConflict } from './status-error.ts';
import type { WorkQueue } from './work-queue.ts';

/** Brings the world of one key to what it should be, reading everything anew. May ask to be called again later. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<{ requeueAfterMs: number } | undefined>;

export interface ReconcilerOptions {
  readonly queue: WorkQueue;
  readonly reconcile: Reconcile;
  readonly logger: Logger;
  /** Keys worked on at once; never the same key twice. */
  readonly workers?: number;
  /** Told how each call ended, for metrics. */
  readonly onResult?: ((result: ReconcileResult) => void) | undefined;
}

export const reconcileResults = ['success', 'requeue', 'transient', 'terminal', 'bug'] as const;
export type ReconcileResult = (typeof reconcileResults)[number];

/** Works on the queue's keys until the signal aborts; resolves when the last call has ended. */
export async function runReconciler(options: ReconcilerOptions, signal: AbortSignal): Promise<void> {
  const workers = Array.from({ length: options.workers ?? 1 }, () => work(options, signal));
  await Promise.all(workers);
}

async function work(options: ReconcilerOptions, signal: AbortSignal): Promise<void> {
  const { queue, reconcile, logger, onResult } = options;
  for (;;) {
    const key = await queue.take(signal);
    if (key === undefined) return;
    try {
      const result = await reconcile(key, signal);
      queue.forget(key);
      if (result !== undefined) queue.addAfter(key, result.requeueAfterMs);
      onResult?.(result === undefined ? 'success' : 'requeue');
    } catch (failure) {
      if (signal.aborted) continue;
      onFailure(key, failure, queue, logger);
      onResult?.(failureKind(failure));
    } finally {
      queue.done(key);
    }
  }
}

function onFailure(key: string, failure: unknown, queue: WorkQueue, logger: Logger): void {
  const kind = failureKind(failure);
  const error = errorMessage(failure);
  if (kind === 'terminal') {
    queue.forget(key);
    logger.warn('waiting for a change', { key, error });
    return;
  }
  const retryInMs = Math.round(queue.retry(key));
  if (isConflict(failure)) logger.debug('changed meanwhile, trying again', { key, error, retryInMs });
  else if (kind === 'transient') logger.warn('trying again', { key, error, retryInMs });
  else
    logger.error('unexpected failure', {
      key,
      error,
      retryInMs,
      stack: failure instanceof Error ? failure.stack : undefined,
    });
}

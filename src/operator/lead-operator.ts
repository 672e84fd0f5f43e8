import { Lease } from '../kube/lease.ts';
import type { IstioOperatorOptions } from './istio-operator.ts';

export interface LeadOptions extends IstioOperatorOptions {
  /** Namespace of the lease: the operator's own. */
  readonly namespace: string;
  readonly identity: string;
  /** Told when this replica begins and ceases to lead. */
  readonly onLeading?: (leading: boolean) => void;
  /** For tests; see Lease. */
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryMs?: number;
}

export const leaseName = 'istio-operator-lock';

/** Runs the operator while this replica holds the lease; the others wait. Resolves after `signal` aborted and the lease is handed back. */
export async function leadOperator(options: LeadOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, logger, namespace, identity } = options;
  const lease = new Lease({
    client,
    namespace,
    name: leaseName,
    identity,
    logger,
    ...(clock !== undefined && { clock }),
    ...(options.leaseDurationMs !== undefined && { durationMs: options.leaseDurationMs }),
    ...(options.renewDeadlineMs !== undefined && { renewDeadlineMs: options.renewDeadlineMs }),
    ...(options.retryMs !== undefined && { retryMs: options.retryMs }),
  });
  await lease.run(signal, async (leading) => {
    options.onLeading?.(true);
    // Loaded by the leader only: its base class brings a Kubernetes client of 45 MB along, which a standby need not carry.
    const { IstioOperator } = await import('./istio-operator.ts');
    const operator = new IstioOperator(options);
    leading.addEventListener('abort', () => operator.stop(), { once: true });
    if (leading.aborted) operator.stop();
    await operator.start().catch((failure: unknown) => {
      operator.stop();
      if (!leading.aborted) throw failure;
    });
    await untilAborted(leading);
    await operator.stopped();
    options.onLeading?.(false);
  });
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

import type { KubeObject } from '../api/object.ts';
import type { Logger } from '../base/log.ts';
import { errorMessage } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { resources } from '../kube/resource.ts';
import { isNotFound } from '../kube/status-error.ts';
import { finalizer, iopResource } from './ownership.ts';

/**
 * Called when the operator stops. If it is being removed for good (its Deployment or namespace is going or gone), nobody will be there to act on
 * its finalizer, so it is taken off every IstioOperator; a restart or an upgrade leaves them alone.
 */
export async function releaseWhenRemoved(
  client: KubeClient,
  namespace: string,
  logger: Logger,
): Promise<void> {
  try {
    if (!(await isBeingRemoved(client, namespace))) return;
    for (const iop of (await client.list(iopResource)).items) await release(client, iop);
    logger.info('the operator is being removed: finalizers are released');
  } catch (failure) {
    // Its rights may have gone first.
    logger.warn('finalizers could not be released', { error: errorMessage(failure) });
  }
}

async function isBeingRemoved(client: KubeClient, namespace: string): Promise<boolean> {
  const deployment = await orNone(client.get(resources.deployments, 'istio-operator', namespace));
  if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return true;
  const own = await orNone(client.get(resources.namespaces, namespace));
  return own === undefined || own.metadata.deletionTimestamp !== undefined;
}

/** Takes our finalizer off an IstioOperator; others' stay. */
export async function release(client: KubeClient, iop: KubeObject): Promise<void> {
  const { name, namespace = '', finalizers = [] } = iop.metadata;
  if (!finalizers.includes(finalizer)) return;
  const rest = finalizers.filter((entry) => entry !== finalizer);
  await orNone(client.patch(iopResource, name, 'merge', { metadata: { finalizers: rest } }, { namespace }));
}

async function orNone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (failure) {
    if (isNotFound(failure)) return undefined;
    throw failure;
  }
}

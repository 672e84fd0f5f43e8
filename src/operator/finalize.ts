import type { KubeObject } from '../api/object.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/client.ts';
import { type ApplyFailure, removeObjects } from './apply-plan.ts';
import { listOwned } from './owned-objects.ts';
import { listRuntimeObjects } from './runtime-objects.ts';

/** An IstioOperator must not hang on what cannot be removed: after this long it goes and what is left is named in an event. */
const patienceMs = 120_000;

/**
 * Removes everything an IstioOperator made, by the uid its objects carry: its spec need not be readable any more. `done` with failures
 * means the time for trying is over. `now`: ms since the epoch; `last`: no other installation is left, so that what control planes made goes too.
 */
export async function finalize(
  client: KubeClient,
  iop: KubeObject,
  { now, last }: { now: number; last: boolean },
): Promise<{ done: boolean; failures: ApplyFailure[] }> {
  const late = now - Date.parse(iop.metadata.deletionTimestamp ?? '') > patienceMs;
  try {
    const failures = await removeObjects(client, await listOwned(client, iop.metadata.uid as string));
    if (last) failures.push(...(await removeObjects(client, await listRuntimeObjects(client))));
    return { done: failures.length === 0 || late, failures };
  } catch (error) {
    if (!late || (error instanceof ApiError && error.code === 0)) throw error;
    return { done: true, failures: [{ object: iop, error }] };
  }
}

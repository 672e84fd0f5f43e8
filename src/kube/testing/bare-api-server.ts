import { createClient } from '../create-client.ts';
import { resources } from '../resource.ts';
import { isNotFound } from '../status-error.ts';

/** Why the contract suites cannot run against $LATEEN_CONTRACT_KUBECONFIG, or undefined when they can. */
export async function contractSkipReason(kubeconfig: string | undefined): Promise<string | undefined> {
  if (kubeconfig === undefined) return 'LATEEN_CONTRACT_KUBECONFIG is not set';
  const client = await createClient({ kubeconfig });
  try {
    await client.get(resources.serviceAccounts, 'default', 'default');
    return 'this cluster has controllers, which the suite plays itself: give it a kube-apiserver alone (the journeys are for whole clusters)';
  } catch (failure) {
    if (isNotFound(failure)) return undefined;
    throw failure;
  } finally {
    client.close();
  }
}

import type { KubeObject } from '../../src/api/object.ts';
import { delay, istioOperators, type World } from './world.ts';

export interface OperatorTimes {
  readonly createdToHealthyMs: number;
  readonly editToReconcilingMs: number;
  readonly editToHealthyMs: number;
}

/** Deletes the demo's IstioOperator, makes it anew and edits it, following its status by watch. */
export async function measureOperator(world: World): Promise<OperatorTimes> {
  const { client } = world;
  const name = 'demo';
  const namespace = 'istio-system';
  await client.delete(istioOperators, name, { namespace });
  await until(
    async () => (await client.get(istioOperators, name, namespace).catch(() => undefined)) === undefined,
  );
  const object: KubeObject = {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    metadata: { name, namespace },
    spec: { profile: 'demo' },
  };
  await client.create(istioOperators, object);
  const created = performance.now();
  await until(async () => status(await client.get(istioOperators, name, namespace)) === 'HEALTHY');
  const createdToHealthyMs = performance.now() - created;
  await client.patch(
    istioOperators,
    name,
    'merge',
    { spec: { meshConfig: { accessLogFile: '' } } },
    { namespace },
  );
  const edited = performance.now();
  await until(async () => {
    const current = await client.get(istioOperators, name, namespace);
    const observed = (current.status as { observedGeneration?: number }).observedGeneration;
    return status(current) === 'RECONCILING' || observed === current.metadata.generation;
  }, 5);
  const editToReconcilingMs = performance.now() - edited;
  await until(async () => {
    const current = await client.get(istioOperators, name, namespace);
    return (
      status(current) === 'HEALTHY' &&
      (current.status as { observedGeneration?: number }).observedGeneration === current.metadata.generation
    );
  });
  return { createdToHealthyMs, editToReconcilingMs, editToHealthyMs: performance.now() - edited };
}

function status(object: KubeObject): string | undefined {
  return (object.status as { status?: string } | undefined)?.status;
}

async function until(condition: () => Promise<boolean>, everyMs = 20): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('not within two minutes');
    await delay(everyMs);
  }
}

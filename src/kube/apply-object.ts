import type { KubeObject } from '../api/object.ts';
import type { KubeClient, Resource } from './client.ts';
import { ApiError } from './client.ts';

export interface ApplyOptions {
  readonly fieldManager: string;
  readonly dryRun?: boolean;
  /** Deletes and makes the object anew when only an immutable field stands in the way (a Deployment's selector, a RoleBinding's role). */
  readonly recreate?: boolean;
}

/** Server-side apply; we win conflicts, since what we send is only what we own. */
export async function applyObject(
  client: KubeClient,
  resource: Resource,
  object: KubeObject,
  options: ApplyOptions,
): Promise<KubeObject> {
  const { fieldManager, dryRun = false, recreate = false } = options;
  try {
    return await client.apply(resource, object, { fieldManager, force: true, dryRun });
  } catch (failure) {
    if (!recreate || dryRun || !isImmutableField(failure)) throw failure;
    const { name, namespace } = object.metadata;
    await client.delete(resource, name, {
      ...(namespace !== undefined && { namespace }),
      propagationPolicy: 'Background',
    });
    return client.apply(resource, object, { fieldManager, force: true });
  }
}

function isImmutableField(failure: unknown): boolean {
  return (
    failure instanceof ApiError &&
    failure.code === 422 &&
    /immutable|cannot change roleRef/i.test(failure.message)
  );
}

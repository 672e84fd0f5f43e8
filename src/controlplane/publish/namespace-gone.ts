import { ApiError } from '../../kube/client.ts';

/** Whether a write failed because its namespace is being deleted or is no longer there: trying again would not help. */
export function isNamespaceGone(failure: unknown): boolean {
  if (!(failure instanceof ApiError)) return false;
  if (failure.code === 404) return /namespaces? "[^"]+" not found/.test(failure.message);
  return failure.code === 403 && /being terminated/.test(failure.message);
}

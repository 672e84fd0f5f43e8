import type { KubeObject } from '../api/object.ts';
import type { Issue } from '../base/issue.ts';
import { formatIssue } from '../base/issue.ts';
import type { AdmissionHandler } from './admission.ts';

/** Judges one object of the mesh's kinds: everything that is wrong or doubtful with it. */
export type Validator = (object: KubeObject) => readonly Issue[];

/** Answers `/validate`: refuses with all errors at once, lets warnings through to the user's terminal. Deletions are never held up. */
export function validateHandler(validate: Validator): AdmissionHandler {
  return (request) => {
    if (request.object === undefined || request.object === null || request.operation === 'DELETE')
      return { allowed: true };
    // An object on its way out only loses finalizers; its content no longer matters.
    if (request.object.metadata?.deletionTimestamp !== undefined) return { allowed: true };
    const issues = validate(request.object);
    const warnings = issues.filter(({ severity }) => severity === 'warning').map(formatIssue);
    const errors = issues.filter(({ severity }) => severity === 'error').map(formatIssue);
    if (errors.length === 0) return { allowed: true, warnings };
    return { allowed: false, message: `configuration is invalid: ${errors.join('; ')}`, warnings };
  };
}

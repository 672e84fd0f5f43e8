/**
 * One fault in something a user wrote. Validation, building, translation and rendering return lists of these instead of
 * throwing; the webhook, the CLI, the analyzer and status conditions all print the same issue.
 */
export interface Issue {
  /** Stable machine-readable reason in UpperCamelCase, usable as a condition reason: `InvalidWeight`. */
  readonly code: string;
  /** Where in the object: `spec.http[0].route[1].weight`; empty when the whole object is meant. */
  readonly path: string;
  readonly severity: 'error' | 'warning' | 'info';
  /** What is wrong and what to write instead, in one sentence. */
  readonly message: string;
}

export function error(code: string, path: string, message: string): Issue {
  return { code, path, severity: 'error', message };
}

export function warning(code: string, path: string, message: string): Issue {
  return { code, path, severity: 'warning', message };
}

export function hasErrors(issues: readonly Issue[]): boolean {
  return issues.some((issue) => issue.severity === 'error');
}

/** `spec.http[0].route: message`, the one-line form users see. */
export function formatIssue(issue: Issue): string {
  return issue.path === '' ? issue.message : `${issue.path}: ${issue.message}`;
}

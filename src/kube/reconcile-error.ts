import { ApiError } from './client.ts';

/** The user has to change something: no retry until the object changes. The message goes to the status as it is. */
export class TerminalError extends Error {
  /** UpperCamelCase, used as the condition's reason. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.name = 'TerminalError';
    this.reason = reason;
  }
}

/** Passes by itself: tried again with backoff. */
export class TransientError extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.name = 'TransientError';
    this.reason = reason;
  }
}

export type FailureKind = 'transient' | 'terminal' | 'bug';

/**
 * API failures count as transient, refusals (403, 422) too: a role or a CRD that arrives later cures them, and users expect no manual kick.
 * Anything unknown is our own bug.
 */
export function failureKind(failure: unknown): FailureKind {
  if (failure instanceof TerminalError) return 'terminal';
  return failure instanceof TransientError || failure instanceof ApiError ? 'transient' : 'bug';
}

/** The UpperCamelCase reason of any failure. */
export function failureReason(failure: unknown): string {
  return failure instanceof TerminalError || failure instanceof TransientError || failure instanceof ApiError
    ? failure.reason
    : 'InternalError';
}

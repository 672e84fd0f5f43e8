import { invalidObject, notSupported } from '../field-error.ts';
import type { UserInfo } from '../local-api.ts';
import type { ManagedFieldsEntry } from '../object.ts';
import type { ApiResource, Subresource } from '../resources/resource.ts';

/** One call, whether it came over HTTPS or from inside the process. */
export interface ApiRequest {
  readonly resource: ApiResource;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: Subresource;
  readonly user: UserInfo;
  /** Query parameters by name; repeated ones joined by commas. */
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly userAgent: string;
  /** Texts for `Warning` headers, added while the call runs. */
  readonly warnings: string[];
}

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** A write's body before its meaning is known: text (so that duplicate fields can be seen) or a ready value. */
export interface RequestBody {
  readonly text?: string;
  readonly value: unknown;
}

export interface WriteParameters {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
  /** Ownership worked out by server-side apply for an object it creates. */
  readonly appliedFields?: readonly ManagedFieldsEntry[];
}

/** Reads and checks the query of a write. */
export function writeParameters(request: ApiRequest): WriteParameters {
  const { dryRun, fieldManager, fieldValidation, force } = request.query;
  const options = { group: 'meta.k8s.io', kind: 'CreateOptions' };
  if (dryRun !== undefined && dryRun !== '' && dryRun !== 'All') {
    throw invalidObject(options, '', [notSupported('dryRun', [dryRun], ['All'])]);
  }
  const validation = fieldValidation === undefined || fieldValidation === '' ? 'Warn' : fieldValidation;
  if (validation !== 'Ignore' && validation !== 'Warn' && validation !== 'Strict') {
    throw invalidObject(options, '', [
      notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']),
    ]);
  }
  return {
    dryRun: dryRun === 'All',
    fieldManager: fieldManager || (request.userAgent.split('/')[0] ?? '') || 'unknown',
    fieldValidation: validation,
    force: force === 'true' || force === '1',
  };
}

import type { ApiCore } from '../core.ts';
import type { FieldError } from '../field-error.ts';
import type { ApiObject } from '../object.ts';
import type { ApiRequest } from '../request/request.ts';

/** What one kind does beyond the generic rules. Objects are drafts of the request's version and may be changed, `old` may not. */
export interface Strategy {
  /** Defaults that depend on other fields; the schema's own are already in. */
  readonly default?: (object: ApiObject) => void;
  /** Built-in admission, before webhooks. */
  readonly admit?: (object: ApiObject, core: ApiCore, old: Readonly<ApiObject> | undefined) => void;
  /** Fields only the server sets. */
  readonly prepareCreate?: (object: ApiObject, core: ApiCore, request: ApiRequest) => void;
  readonly prepareUpdate?: (
    object: ApiObject,
    old: Readonly<ApiObject>,
    core: ApiCore,
    request: ApiRequest,
  ) => void;
  readonly validate?: (object: Readonly<ApiObject>, errors: FieldError[], core: ApiCore) => void;
  readonly validateUpdate?: (
    object: Readonly<ApiObject>,
    old: Readonly<ApiObject>,
    errors: FieldError[],
  ) => void;
  /** How metadata.name is checked; a DNS subdomain unless told. */
  readonly nameRule?: 'subdomain' | 'label' | 'dns1035' | 'path';
  /** Seconds between a delete and the end, for kinds that end gracefully; 0 ends at once. */
  readonly gracePeriodSeconds?: (object: Readonly<ApiObject>, asked: number | undefined) => number;
  /** Rejects with a StatusError when the object must stay. */
  readonly checkDelete?: (object: Readonly<ApiObject>, core: ApiCore) => void;
}

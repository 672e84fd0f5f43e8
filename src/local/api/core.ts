import type { Clock } from '../../base/clock.ts';
import type { Admission } from './admission/admission.ts';
import type { ServiceAllocator } from './allocation/service-allocator.ts';
import type { Authenticator } from './auth/authenticator.ts';
import type { Authorizer } from './auth/authorizer.ts';
import type { ApiObject } from './object.ts';
import type { ResourceRegistry } from './resources/registry.ts';
import type { Store } from './store/store.ts';

/** What every part of the API server works on. */
export interface ApiCore {
  readonly store: Store;
  readonly registry: ResourceRegistry;
  readonly clock: Clock;
  readonly admission: Admission;
  readonly allocator: ServiceAllocator;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
}

/** Now, as objects carry it: RFC 3339 in whole seconds. */
export function timestamp(clock: Clock, offsetMs = 0): string {
  return `${new Date(clock.now() + offsetMs).toISOString().slice(0, 19)}Z`;
}

/** The stored object of a built-in resource by table name. */
export function readStored(
  core: { store: Store },
  table: string,
  key: string,
): Readonly<ApiObject> | undefined {
  return core.store.table(table).get(key)?.object;
}

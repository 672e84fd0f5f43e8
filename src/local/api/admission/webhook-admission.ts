import type { Logger } from '../../../base/log.ts';
import type { ResolveService } from '../node-backend.ts';
import type { ApiObject } from '../object.ts';
import type { ResourceRegistry } from '../resources/registry.ts';
import type { Store } from '../store/store.ts';
import type { Admission } from './admission.ts';

/** Calls the cluster's mutating and validating webhooks. */
export class WebhookAdmission implements Admission {
  resolve: ResolveService = async () => undefined;

  constructor(_store: Store, _registry: ResourceRegistry, _log: Logger) {}

  setServiceResolver(resolve: ResolveService): void {
    this.resolve = resolve;
  }

  async mutate(_r: unknown, _o: unknown, object: ApiObject): Promise<ApiObject> {
    return object;
  }

  async validate(): Promise<void> {}
}

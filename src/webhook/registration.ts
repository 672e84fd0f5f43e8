import type { KubeObject } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { errorMessage } from '../base/log.ts';
import type { KubeClient, Resource } from '../kube/client.ts';
import { Informer } from '../kube/informer.ts';
import { resources } from '../kube/resource.ts';

interface Webhook {
  readonly name: string;
  readonly clientConfig?: { readonly caBundle?: string };
  readonly failurePolicy?: string;
}

export interface RegistrationOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Configurations of this revision. */
  readonly mutating: readonly string[];
  readonly validating: readonly string[];
  /** PEM of the authority that signed the serving certificate. */
  readonly caBundle: string;
}

const fieldManager = 'istiod';

/**
 * Keeps `caBundle` in the webhook configurations of this revision, and turns validation from Ignore to Fail now that somebody answers. By
 * server-side apply of exactly those fields, so that the operator, who owns the rest, and we never fight.
 */
export class WebhookRegistration {
  readonly #options: RegistrationOptions;
  readonly #informers: readonly Informer[];
  readonly #busy = new Set<string>();

  constructor(options: RegistrationOptions) {
    this.#options = options;
    const { client, clock, log } = options;
    const make = (resource: Resource) => new Informer(client, resource, { clock, logger: log });
    const mutating = make(resources.mutatingWebhooks);
    const validating = make(resources.validatingWebhooks);
    this.#informers = [mutating, validating];
    this.#follow(mutating, resources.mutatingWebhooks, options.mutating, false);
    this.#follow(validating, resources.validatingWebhooks, options.validating, true);
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.run(signal)));
  }

  #follow(informer: Informer, resource: Resource, names: readonly string[], enforce: boolean): void {
    informer.onChange(({ type, object }) => {
      if (type !== 'deleted' && names.includes(object.metadata.name))
        void this.#ensure(informer, resource, object.metadata.name, enforce);
    });
  }

  async #ensure(informer: Informer, resource: Resource, name: string, enforce: boolean): Promise<void> {
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    const { client, clock, log } = this.#options;
    try {
      const current = informer.get(name);
      const wanted = current && this.#wanted(current, enforce);
      if (wanted !== undefined) await client.apply(resource, wanted, { fieldManager, force: true });
    } catch (failure) {
      log.warn('cannot register the webhook', { name, error: errorMessage(failure) });
      clock.after(2000, () => void this.#ensure(informer, resource, name, enforce));
    } finally {
      this.#busy.delete(name);
    }
  }

  /** What to apply; undefined when all of it is there already. */
  #wanted(object: KubeObject, enforce: boolean): KubeObject | undefined {
    const caBundle = Buffer.from(this.#options.caBundle).toString('base64');
    const webhooks = (object['webhooks'] ?? []) as Webhook[];
    const missing = webhooks.some(
      (webhook) =>
        webhook.clientConfig?.caBundle !== caBundle || (enforce && webhook.failurePolicy !== 'Fail'),
    );
    if (!missing) return undefined;
    return {
      apiVersion: object.apiVersion ?? 'admissionregistration.k8s.io/v1',
      kind: object.kind,
      metadata: { name: object.metadata.name },
      webhooks: webhooks.map(({ name }) => ({
        name,
        clientConfig: { caBundle },
        ...(enforce && { failurePolicy: 'Fail' }),
      })),
    };
  }
}

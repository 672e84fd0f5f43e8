import type { KubeObject } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { errorMessage } from '../base/log.ts';
import type { KubeClient, Resource } from '../kube/client.ts';
import { Informer } from '../kube/informer.ts';
import { resources } from '../kube/resource.ts';

/** One kind of webhook configuration and which of them are ours. */
interface Kind {
  readonly informer: Informer;
  readonly resource: Resource;
  readonly names: readonly string[];
  /** Turn failurePolicy to Fail. */
  readonly enforce: boolean;
}

interface SliceEndpoint {
  readonly conditions?: { readonly ready?: boolean };
}

interface Webhook {
  readonly name: string;
  readonly clientConfig?: { readonly caBundle?: string };
  readonly failurePolicy?: string;
}

export interface RegistrationOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Namespace and name of the Service the API server calls us by. */
  readonly service: { readonly namespace: string; readonly name: string };
  /** Configurations of this revision. */
  readonly mutating: readonly string[];
  readonly validating: readonly string[];
  /** PEM of the authority that signed the serving certificate. */
  readonly caBundle: string;
}

const fieldManager = 'istiod';

/**
 * Registers once the Service has a ready endpoint, so that nobody is sent to a webhook that does not answer yet: keeps `caBundle` in the webhook configurations of this revision, and turns validation from Ignore to Fail now that somebody answers. By
 * server-side apply of exactly those fields, so that the operator, who owns the rest, and we never fight.
 */
export class WebhookRegistration {
  readonly #options: RegistrationOptions;
  readonly #slices: Informer;
  readonly #kinds: readonly Kind[];
  readonly #busy = new Set<string>();

  constructor(options: RegistrationOptions) {
    this.#options = options;
    const { client, clock, log, service } = options;
    const make = (resource: Resource) => new Informer(client, resource, { clock, logger: log });
    this.#slices = new Informer(client, resources.endpointSlices, {
      clock,
      logger: log,
      namespace: service.namespace,
      labelSelector: `kubernetes.io/service-name=${service.name}`,
    });
    this.#kinds = [
      {
        informer: make(resources.mutatingWebhooks),
        resource: resources.mutatingWebhooks,
        names: options.mutating,
        enforce: false,
      },
      {
        informer: make(resources.validatingWebhooks),
        resource: resources.validatingWebhooks,
        names: options.validating,
        enforce: true,
      },
    ];
    for (const kind of this.#kinds) {
      kind.informer.onChange(({ type, object }) => {
        const { name } = object.metadata;
        if (type !== 'deleted' && kind.names.includes(name)) void this.#ensure(kind, name);
      });
    }
    this.#slices.onChange(() => {
      for (const kind of this.#kinds) for (const name of kind.names) void this.#ensure(kind, name);
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(
      [this.#slices, ...this.#kinds.map(({ informer }) => informer)].map((informer) => informer.run(signal)),
    );
  }

  get #answered(): boolean {
    return [...this.#slices.values()].some((slice) =>
      ((slice['endpoints'] ?? []) as SliceEndpoint[]).some(
        (endpoint) => endpoint.conditions?.ready !== false,
      ),
    );
  }

  async #ensure(kind: Kind, name: string): Promise<void> {
    if (this.#busy.has(name) || !this.#answered) return;
    this.#busy.add(name);
    const { client, clock, log } = this.#options;
    try {
      const current = kind.informer.get(name);
      const wanted = current && this.#wanted(current, kind.enforce);
      if (wanted !== undefined) await client.apply(kind.resource, wanted, { fieldManager, force: true });
    } catch (failure) {
      log.warn('cannot register the webhook', { name, error: errorMessage(failure) });
      clock.after(2000, () => void this.#ensure(kind, name));
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

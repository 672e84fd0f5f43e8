import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { errorMessage } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { issueServerCertificate, type KeyedCertificate } from '../pki/certificate.ts';
import { loadAuthority } from './authority.ts';
import { injectHandler } from './inject.ts';
import { InjectionSettings } from './injection-settings.ts';
import { WebhookRegistration } from './registration.ts';
import { WebhookServer } from './server.ts';
import { type Validator, validateHandler } from './validate.ts';

export type { Validator } from './validate.ts';

export interface WebhookOptions {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly namespace: string;
  readonly revision: string;
  readonly domain: string;
  readonly port: number;
  /** Without one, validation webhooks are neither served nor registered. */
  readonly validate?: Validator;
  readonly mutatingConfig: string;
  readonly validatingConfigs: readonly string[];
}

const day = 86_400_000;
const servingDays = 365;

/** The admission side of the control plane: settings, certificate, server, registration. Every replica serves. */
export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #settings: InjectionSettings;
  readonly #server: WebhookServer;
  #certificate: KeyedCertificate | undefined;
  /** The port taken, once listening. */
  port = 0;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log.scope('webhook');
    const suffix = options.revision === 'default' ? '' : `-${options.revision}`;
    this.#settings = new InjectionSettings({
      client: options.client,
      clock: this.#clock,
      log: options.log,
      namespace: options.namespace,
      injectorConfigMap: `istio-sidecar-injector${suffix}`,
      meshConfigMap: `istio${suffix}`,
    });
    const handlers = {
      '/inject': injectHandler(() => this.#settings.current, this.#log),
      ...(options.validate && { '/validate': validateHandler(options.validate) }),
    };
    this.#server = new WebhookServer({ handlers, log: this.#log });
  }

  /** Serving with a certificate that has not expired, and able to answer. */
  get ready(): boolean {
    return (
      this.#certificate !== undefined &&
      this.#clock.now() < this.#certificate.notAfter &&
      this.#settings.synced
    );
  }

  /** Serves until the signal aborts. Rejects when the port is taken. */
  async run(signal: AbortSignal): Promise<void> {
    const settings = this.#settings.run(signal);
    const authority = await this.#authority(signal);
    if (authority === undefined) return;
    this.#renew(authority);
    this.port = await this.#server.listen(this.#options.port);
    this.#log.info('webhooks served', { port: this.port });
    const { client, namespace, revision, mutatingConfig, validatingConfigs } = this.#options;
    const registration = new WebhookRegistration({
      client,
      clock: this.#clock,
      log: this.#log,
      service: { namespace, name: revision === 'default' ? 'istiod' : `istiod-${revision}` },
      mutating: [mutatingConfig],
      validating: this.#options.validate === undefined ? [] : validatingConfigs,
      caBundle: authority.certificate,
    });
    await Promise.all([settings, registration.run(signal)]);
    await this.#server.close();
  }

  /** A missing API server or permission is waited for: the rest of the control plane works meanwhile. */
  async #authority(signal: AbortSignal): Promise<KeyedCertificate | undefined> {
    const { client, namespace } = this.#options;
    while (!signal.aborted) {
      try {
        return await loadAuthority({
          client,
          namespace,
          trustDomain: this.#options.domain,
          clock: this.#clock,
          log: this.#log,
        });
      } catch (failure) {
        this.#log.warn('no certificate authority yet', { error: errorMessage(failure) });
        await new Promise<void>((resolve) => this.#clock.after(1000, resolve));
      }
    }
    return undefined;
  }

  /** A new serving certificate each time half of the old one's life is over. */
  #renew(authority: KeyedCertificate): void {
    const { namespace, domain, revision } = this.#options;
    const names = [...new Set(['istiod', `istiod${revision === 'default' ? '' : `-${revision}`}`])].flatMap(
      (name) => [`${name}.${namespace}.svc`, `${name}.${namespace}`, `${name}.${namespace}.svc.${domain}`],
    );
    const now = this.#clock.now();
    this.#certificate = issueServerCertificate(authority, {
      commonName: names[0] as string,
      notBefore: now - day,
      notAfter: Math.min(now + servingDays * day, authority.notAfter),
      names: [...names, 'localhost', '127.0.0.1'],
    });
    this.#server.useCertificate(this.#certificate);
    // setTimeout counts to 2^31 ms at most: look again each day.
    const watch = () => {
      const half = (this.#certificate as KeyedCertificate).notAfter - (servingDays / 2) * day;
      if (this.#clock.now() >= half) this.#renew(authority);
      else this.#clock.after(day, watch);
    };
    this.#clock.after(day, watch);
  }
}

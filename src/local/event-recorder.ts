import type { Clock } from '../base/clock.ts';
import { sha256Hex } from '../base/hash.ts';
import { errorMessage, type Logger } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ApiObject } from './api/object.ts';
import { coreResources } from './resources.ts';

/** Writes `v1/Event`s about objects; the same event again only counts up. Never fails its caller. */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #component: string;
  readonly #counts = new Map<string, number>();

  constructor(options: { client: KubeClient; clock: Clock; log: Logger; component: string }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#component = options.component;
  }

  normal(object: Readonly<ApiObject>, reason: string, message: string, fieldPath?: string): void {
    this.#record(object, 'Normal', reason, message, fieldPath);
  }

  warning(object: Readonly<ApiObject>, reason: string, message: string, fieldPath?: string): void {
    this.#record(object, 'Warning', reason, message, fieldPath);
  }

  #record(
    object: Readonly<ApiObject>,
    type: string,
    reason: string,
    message: string,
    fieldPath?: string,
  ): void {
    const { name: target, uid = '', namespace = 'default', resourceVersion } = object.metadata;
    const hash = sha256Hex([uid, type, reason, message, fieldPath].join('\0'), 16);
    const name = `${target}.${hash}`;
    const count = (this.#counts.get(name) ?? 0) + 1;
    if (this.#counts.size > 4096) this.#counts.clear();
    this.#counts.set(name, count);
    const now = new Date(this.#clock.now()).toISOString().slice(0, 19) + 'Z';
    const { events } = coreResources;
    const write =
      count > 1
        ? this.#client.patch(events, name, 'merge', { count, lastTimestamp: now }, { namespace })
        : this.#client.create(events, {
            apiVersion: 'v1',
            kind: 'Event',
            metadata: { name, namespace },
            involvedObject: {
              apiVersion: object.apiVersion,
              kind: object.kind,
              name: target,
              namespace: object.metadata.namespace,
              uid,
              resourceVersion,
              ...(fieldPath === undefined ? {} : { fieldPath }),
            },
            reason,
            message,
            type,
            count,
            firstTimestamp: now,
            lastTimestamp: now,
            source: { component: this.#component },
            reportingComponent: this.#component,
            reportingInstance: '',
          });
    write.catch((error: unknown) => {
      this.#counts.delete(name);
      this.#log.debug('event not written', { reason, object: target, error: errorMessage(error) });
    });
  }
}

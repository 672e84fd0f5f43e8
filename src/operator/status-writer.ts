import type { KubeObject } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import { stableJson } from '../base/hash.ts';
import type { Logger } from '../base/log.ts';
import { errorMessage } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { recordEvent } from '../kube/event-recorder.ts';
import { keyOf } from '../kube/resource.ts';
import type { JsonMap } from '../render/json.ts';
import { iopResource } from './ownership.ts';
import { type IopStatus, type Outcome, reconciling, statusFor, statusPatch } from './status.ts';

export type Iop = KubeObject & { spec?: JsonMap; status?: IopStatus };

/**
 * Writes the status of IstioOperators: only what changed, one write after the other for each object, and never an older generation's over a
 * newer one's. ERROR and HEALTHY are also told as events.
 */
export class StatusWriter {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #written = new Map<string, IopStatus>();
  readonly #last = new Map<string, Promise<void>>();

  constructor(client: KubeClient, clock: Clock, log: Logger) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Says RECONCILING for a generation nobody has said anything about yet. Runs beside a pass that may be under way, so that Argo CD never
   * takes the old HEALTHY for the new spec's.
   */
  announce(iop: Iop): void {
    const announced = this.#inTurn(iop, async () => {
      const known = this.#written.get(uidOf(iop)) ?? iop.status;
      if (known?.observedGeneration !== iop.metadata.generation) await this.#write(iop, reconciling(known));
    });
    announced.catch((failure: unknown) => {
      this.#log.debug('status not written', { key: keyOf(iop), error: errorMessage(failure) });
    });
  }

  /** Rejects when the API does. */
  write(iop: Iop, outcome: Outcome): Promise<void> {
    return this.#inTurn(iop, () => this.#write(iop, outcome));
  }

  async tell(iop: Iop, type: 'Normal' | 'Warning', reason: string, message: string): Promise<void> {
    const event = { about: iop, type, reason, message, component: 'istio-operator' };
    await recordEvent(this.#client, event, this.#clock).catch((failure: unknown) => {
      this.#log.debug('event not written', { error: errorMessage(failure) });
    });
  }

  forget(uid: string): void {
    this.#written.delete(uid);
    this.#last.delete(uid);
  }

  #inTurn(iop: Iop, work: () => Promise<void>): Promise<void> {
    const before = this.#last.get(uidOf(iop)) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(work);
    this.#last.set(uidOf(iop), turn);
    return turn;
  }

  async #write(iop: Iop, outcome: Outcome): Promise<void> {
    const old = this.#written.get(uidOf(iop)) ?? iop.status;
    const generation = iop.metadata.generation ?? 0;
    if ((old?.observedGeneration ?? 0) > generation) return;
    const status = statusFor(old, generation, outcome, this.#clock.now());
    if (old !== undefined && stableJson(old) === stableJson(status)) return;
    const { name, namespace } = iop.metadata;
    const where = { ...(namespace !== undefined && { namespace }), subresource: 'status' as const };
    await this.#client.patch(iopResource, name, 'merge', statusPatch(old, status), where);
    this.#written.set(uidOf(iop), status);
    if (old?.status === status.status && old?.message === status.message) return;
    if (status.status === 'ERROR') await this.tell(iop, 'Warning', outcome.reason, outcome.message);
    if (status.status === 'HEALTHY') await this.tell(iop, 'Normal', 'Healthy', 'all components are ready');
  }
}

function uidOf(iop: Iop): string {
  return iop.metadata.uid as string;
}

import type { KubeObject } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import { stableJson } from '../../base/hash.ts';
import { formatIssue } from '../../base/issue.ts';
import type { Logger } from '../../base/log.ts';
import { errorMessage } from '../../base/log.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Condition } from '../../kube/condition.ts';
import { setCondition } from '../../kube/condition.ts';
import { recordEvent } from '../../kube/event-recorder.ts';
import { isNotFound } from '../../kube/status-error.ts';
import type { Finding } from '../../mesh/index.ts';
import { refKey } from '../../mesh/index.ts';
import { resourceOfKind } from '../ingest/sources.ts';

export interface StatusTarget {
  readonly kind: string;
  readonly object: KubeObject;
}

interface Status {
  readonly conditions?: readonly Condition[];
  readonly observedGeneration?: number | string;
}

/** Tells users what became of their objects: a condition `Reconciled` on each, and an event when something is wrong. */
export class StatusWriter {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** What was last said of an object, by uid. */
  readonly #said = new Map<string, string>();

  constructor(options: { readonly client: KubeClient; readonly clock: Clock; readonly log: Logger }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Brings the status of every object in line with what was found. Objects that already say so are not written. */
  async write(targets: Iterable<StatusTarget>, findings: readonly Finding[]): Promise<void> {
    const byObject = new Map<string, Finding[]>();
    for (const finding of findings) {
      const key = refKey(finding.ref);
      const list = byObject.get(key);
      if (list === undefined) byObject.set(key, [finding]);
      else list.push(finding);
    }
    const alive = new Set<string>();
    for (const { kind, object } of targets) {
      alive.add(object.metadata.uid ?? '');
      const { namespace = 'default', name } = object.metadata;
      await this.#writeOne(kind, object, byObject.get(refKey({ kind, namespace, name })) ?? []);
    }
    for (const uid of [...this.#said.keys()]) if (!alive.has(uid)) this.#said.delete(uid);
  }

  async #writeOne(kind: string, object: KubeObject, findings: readonly Finding[]): Promise<void> {
    const condition = conditionOf(object, findings);
    const text = stableJson(condition);
    const uid = object.metadata.uid ?? '';
    if (this.#said.get(uid) === text) return;
    const status = (object.status ?? {}) as Status;
    const current = (status.conditions ?? []).find(({ type }) => type === condition.type);
    if (!isSame(current, condition)) {
      const { name, namespace } = object.metadata;
      const conditions = setCondition(status.conditions ?? [], condition, this.#clock.now());
      const patch = { status: { conditions, observedGeneration: object.metadata.generation } };
      try {
        const options = {
          ...(namespace !== undefined && { namespace }),
          subresource: 'status' as const,
          fieldManager: 'istiod',
        };
        await this.#client.patch(resourceOfKind(kind), name, 'merge', patch, options);
        if (condition.status === 'False' || condition.reason === 'NotActedOn')
          await this.#event(object, kind, condition);
      } catch (failure) {
        if (!isNotFound(failure)) {
          this.#log.warn('cannot write status', {
            kind,
            object: `${namespace}/${name}`,
            error: errorMessage(failure),
          });
          return;
        }
      }
      this.#logFindings(kind, object, findings);
    }
    this.#said.set(uid, text);
  }

  async #event(object: KubeObject, kind: string, condition: Condition): Promise<void> {
    const about = { ...object, kind };
    const { reason, message } = condition;
    await recordEvent(
      this.#client,
      { about, type: 'Warning', reason, message, component: 'istiod' },
      this.#clock,
    ).catch((failure: unknown) =>
      this.#log.debug('cannot record an event', { error: errorMessage(failure) }),
    );
  }

  #logFindings(kind: string, object: KubeObject, findings: readonly Finding[]): void {
    for (const { issue } of findings) {
      const fields = {
        kind,
        object: `${object.metadata.namespace}/${object.metadata.name}`,
        reason: issue.code,
      };
      this.#log.warn(formatIssue(issue), fields);
    }
  }
}

/** Reasons that leave the object in force as far as it is understood. */
const partial: ReadonlySet<string> = new Set(['NotActedOn']);

function conditionOf(object: KubeObject, findings: readonly Finding[]): Condition {
  const observedGeneration = object.metadata.generation ?? 0;
  const worst = findings.find(({ issue }) => !partial.has(issue.code)) ?? findings[0];
  if (worst === undefined) {
    return { type: 'Reconciled', status: 'True', reason: 'Reconciled', message: '', observedGeneration };
  }
  const message = findings
    .map(({ issue }) => formatIssue(issue))
    .join('; ')
    .slice(0, 32_000);
  const status = partial.has(worst.issue.code) ? 'True' : 'False';
  return { type: 'Reconciled', status, reason: worst.issue.code, message, observedGeneration };
}

function isSame(current: Condition | undefined, wanted: Condition): boolean {
  return (
    current !== undefined &&
    current.status === wanted.status &&
    current.reason === wanted.reason &&
    current.message === wanted.message &&
    current.observedGeneration === wanted.observedGeneration
  );
}

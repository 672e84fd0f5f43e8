import { errorMessage, type Logger } from '../../../base/log.ts';
import { evaluateCondition } from '../cel/evaluate.ts';
import type { ResolveService } from '../node-backend.ts';
import type { ApiObject, Fields } from '../object.ts';
import { jsonPatch } from '../patch/json.ts';
import { shapeObject } from '../request/body.ts';
import type { ApiRequest, WriteParameters } from '../request/request.ts';
import type { ResourceRegistry } from '../resources/registry.ts';
import { equalJson } from '../schema/json-value.ts';
import { internalError, StatusError } from '../status.ts';
import type { Store } from '../store/store.ts';
import type { Admission, AdmissionOperation } from './admission.ts';
import { callWebhook, reviewRequest, type Verdict } from './call-webhook.ts';
import { picks, type Subject } from './match-webhook.ts';
import { type Webhook, webhooksOf } from './webhook.ts';

const group = 'admissionregistration.k8s.io';

/** Calls the cluster's mutating webhooks one after the other, its validating ones at once. The webhook configurations themselves pass unasked. */
export class WebhookAdmission implements Admission {
  readonly #store: Store;
  readonly #registry: ResourceRegistry;
  readonly #log: Logger;
  #resolve: ResolveService = async () => undefined;

  constructor(store: Store, registry: ResourceRegistry, log: Logger) {
    this.#store = store;
    this.#registry = registry;
    this.#log = log;
  }

  setServiceResolver(resolve: ResolveService): void {
    this.#resolve = resolve;
  }

  async mutate(
    request: ApiRequest,
    operation: AdmissionOperation,
    object: ApiObject,
    old: Readonly<ApiObject> | undefined,
    parameters: WriteParameters,
  ): Promise<ApiObject> {
    const hooks = this.#hooks('mutatingwebhookconfigurations', request);
    let current = object;
    /** How often each webhook was called, and on which state it last ended. */
    const seen = new Map<Webhook, ApiObject>();
    for (const webhook of hooks) {
      current = await this.#mutateBy(webhook, { request, operation, object: current, old }, parameters);
      seen.set(webhook, current);
    }
    for (const webhook of hooks) {
      if (!webhook.reinvocation || seen.get(webhook) === current) continue;
      current = await this.#mutateBy(webhook, { request, operation, object: current, old }, parameters);
    }
    return current;
  }

  async #mutateBy(webhook: Webhook, subject: Subject, parameters: WriteParameters): Promise<ApiObject> {
    const object = subject.object as ApiObject;
    const verdict = await this.#ask(webhook, subject, parameters, 'mutating');
    if (verdict?.patch === undefined) return object;
    const patched = jsonPatch(object, verdict.patch) as Fields;
    const next = shapeObject(subject.request.resource, patched, []);
    return equalJson(next, object) ? object : next;
  }

  async validate(
    request: ApiRequest,
    operation: AdmissionOperation,
    object: Readonly<ApiObject> | undefined,
    old: Readonly<ApiObject> | undefined,
    parameters: WriteParameters,
  ): Promise<void> {
    const hooks = this.#hooks('validatingwebhookconfigurations', request);
    if (hooks.length === 0) return;
    const subject = { request, operation, object, old };
    const results = await Promise.allSettled(
      hooks.map((webhook) => this.#ask(webhook, subject, parameters, 'validating')),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  #hooks(plural: string, { resource }: ApiRequest): Webhook[] {
    if (resource.group === group) return [];
    return this.#store.table(`${group}/${plural}`).list().flatMap(webhooksOf);
  }

  /** The verdict of a webhook that allows the call; undefined when it has no say. Rejects with the StatusError of a denial. */
  async #ask(
    webhook: Webhook,
    subject: Subject,
    parameters: WriteParameters,
    kind: string,
  ): Promise<Verdict | undefined> {
    if (!picks(webhook, subject, this.#store, this.#registry)) return undefined;
    if (!this.#conditionsHold(webhook, subject, parameters)) return undefined;
    if (parameters.dryRun && webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun') {
      throw new StatusError(
        400,
        'BadRequest',
        `admission webhook ${JSON.stringify(webhook.name)} does not support dry run`,
      );
    }
    let verdict: Verdict;
    try {
      verdict = await callWebhook(webhook, subject, parameters, this.#resolve);
    } catch (error) {
      const message = `failed calling webhook ${JSON.stringify(webhook.name)}: failed to call webhook: ${errorMessage(error)}`;
      this.#log.warn('webhook call failed', {
        webhook: webhook.name,
        kind,
        policy: webhook.failurePolicy,
        error: errorMessage(error),
      });
      if (webhook.failurePolicy === 'Ignore') return undefined;
      throw internalError(message);
    }
    subject.request.warnings.push(...verdict.warnings);
    if (!verdict.allowed) throw denial(webhook, verdict);
    return verdict;
  }

  /** All match conditions must be true; one that fails to evaluate counts as the failure policy says. */
  #conditionsHold(webhook: Webhook, subject: Subject, parameters: WriteParameters): boolean {
    if (webhook.matchConditions.length === 0) return true;
    const variables = {
      request: reviewRequest('', subject, parameters),
      object: subject.object ?? null,
      oldObject: subject.old ?? null,
    };
    for (const { name, expression } of webhook.matchConditions) {
      const result = evaluateCondition(expression, variables);
      if (result === false) return false;
      if (result === true) continue;
      if (webhook.failurePolicy === 'Ignore') return false;
      throw new StatusError(
        403,
        'Forbidden',
        `admission webhook ${JSON.stringify(webhook.name)} match condition ${JSON.stringify(name)} failed: ${result}`,
      );
    }
    return true;
  }
}

function denial(webhook: Webhook, { status }: Verdict): StatusError {
  const message = status?.['message'];
  const reason = status?.['reason'];
  const why = message ?? reason;
  const head = `admission webhook ${JSON.stringify(webhook.name)} denied the request`;
  const code = typeof status?.['code'] === 'number' && status['code'] >= 400 ? status['code'] : 403;
  return new StatusError(
    code,
    typeof reason === 'string' ? reason : code === 403 ? 'Forbidden' : '',
    why === undefined ? `${head} without explanation` : `${head}: ${why}`,
    (status?.['details'] as StatusError['details']) ?? undefined,
  );
}

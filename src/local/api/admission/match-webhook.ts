import type { ApiObject } from '../object.ts';
import type { ApiRequest } from '../request/request.ts';
import type { ResourceRegistry } from '../resources/registry.ts';
import type { ApiResource } from '../resources/resource.ts';
import { matchesLabels } from '../selector/label-selector.ts';
import type { Store } from '../store/store.ts';
import type { AdmissionOperation } from './admission.ts';
import type { Webhook, WebhookRule } from './webhook.ts';

/** What a webhook is asked about. */
export interface Subject {
  readonly request: ApiRequest;
  readonly operation: AdmissionOperation;
  readonly object: Readonly<ApiObject> | undefined;
  readonly old: Readonly<ApiObject> | undefined;
}

/** Whether rules and selectors pick the call; match conditions are evaluated separately. */
export function picks(webhook: Webhook, subject: Subject, store: Store, registry: ResourceRegistry): boolean {
  const { request, operation } = subject;
  if (!webhook.rules.some((rule) => matchesRule(webhook, rule, operation, request, registry))) return false;
  if (!matchesNamespace(webhook, subject, store)) return false;
  if (webhook.objectSelector.length === 0) return true;
  return [subject.object, subject.old].some(
    (object) => object !== undefined && matchesLabels(webhook.objectSelector, object.metadata.labels),
  );
}

function matchesRule(
  webhook: Webhook,
  rule: WebhookRule,
  operation: AdmissionOperation,
  request: ApiRequest,
  registry: ResourceRegistry,
): boolean {
  const { resource, subresource } = request;
  if (!has(rule.operations, operation)) return false;
  if (rule.scope === 'Cluster' && resource.namespaced) return false;
  if (rule.scope === 'Namespaced' && !resource.namespaced) return false;
  if (!rule.resources.some((wanted) => namesResource(wanted, resource.plural, subresource))) return false;
  if (has(rule.apiGroups, resource.group) && has(rule.apiVersions, resource.version)) return true;
  return webhook.matchPolicy === 'Equivalent' && namesEquivalent(rule, resource, registry);
}

function has(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

/** `pods`, `pods/status`, `pods/*`, `*`, `*\/status`, `*\/*`. */
function namesResource(wanted: string, plural: string, subresource: string | undefined): boolean {
  const [name, sub] = wanted.split('/');
  if (name !== '*' && name !== plural) return false;
  if (sub === undefined) return subresource === undefined;
  return sub === '*' || sub === subresource;
}

/** Another served version of the same stored kind is what the rule names. */
function namesEquivalent(rule: WebhookRule, resource: ApiResource, registry: ResourceRegistry): boolean {
  return registry
    .all()
    .some(
      (other) =>
        other.table === resource.table &&
        has(rule.apiGroups, other.group) &&
        has(rule.apiVersions, other.version),
    );
}

function matchesNamespace(webhook: Webhook, { request, object, old }: Subject, store: Store): boolean {
  if (webhook.namespaceSelector.length === 0) return true;
  if (request.resource.table === '/namespaces') {
    return matchesLabels(webhook.namespaceSelector, (object ?? old)?.metadata.labels);
  }
  if (!request.resource.namespaced) return true;
  const namespace = store.table('/namespaces').get(request.namespace ?? '')?.object;
  return matchesLabels(webhook.namespaceSelector, namespace?.metadata.labels);
}

import { type ApiObject, asList, asObject, type Fields } from '../object.ts';
import { type LabelSelector, labelSelectorOf } from '../selector/label-selector.ts';
import type { Entry } from '../store/table.ts';

/** One webhook of a configuration, read for use. */
export interface Webhook {
  readonly name: string;
  readonly configuration: string;
  readonly client: WebhookTarget;
  readonly rules: readonly WebhookRule[];
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly matchPolicy: 'Exact' | 'Equivalent';
  readonly namespaceSelector: LabelSelector;
  readonly objectSelector: LabelSelector;
  readonly matchConditions: readonly { name: string; expression: string }[];
  readonly sideEffects: string;
  readonly timeoutMs: number;
  readonly reinvocation: boolean;
}

export interface WebhookTarget {
  readonly url?: string;
  readonly service?: { namespace: string; name: string; path: string; port: number };
  /** PEM, decoded. */
  readonly caBundle?: string;
}

export interface WebhookRule {
  readonly operations: readonly string[];
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
}

const parsed = new WeakMap<Entry, readonly Webhook[]>();

/** The webhooks of a stored configuration; read once per state of it. */
export function webhooksOf(entry: Entry): readonly Webhook[] {
  let hooks = parsed.get(entry);
  if (hooks === undefined) {
    hooks = (asList(entry.object['webhooks']) as Fields[]).map((hook) => readWebhook(entry.object, hook));
    parsed.set(entry, hooks);
  }
  return hooks;
}

function readWebhook(configuration: Readonly<ApiObject>, hook: Fields): Webhook {
  return {
    name: String(hook['name']),
    configuration: configuration.metadata.name,
    client: targetOf(asObject(hook['clientConfig']) ?? {}),
    rules: (asList(hook['rules']) as Fields[]).map(ruleOf),
    failurePolicy: hook['failurePolicy'] === 'Ignore' ? 'Ignore' : 'Fail',
    matchPolicy: hook['matchPolicy'] === 'Exact' ? 'Exact' : 'Equivalent',
    namespaceSelector: labelSelectorOf(hook['namespaceSelector']),
    objectSelector: labelSelectorOf(hook['objectSelector']),
    matchConditions: asList(hook['matchConditions']) as { name: string; expression: string }[],
    sideEffects: String(hook['sideEffects']),
    timeoutMs: Number(hook['timeoutSeconds'] ?? 10) * 1000,
    reinvocation: hook['reinvocationPolicy'] === 'IfNeeded',
  };
}

function targetOf(config: Fields): WebhookTarget {
  const service = asObject(config['service']);
  const bundle = config['caBundle'];
  return {
    ...(typeof config['url'] === 'string' ? { url: config['url'] } : {}),
    ...(service === undefined
      ? {}
      : {
          service: {
            namespace: String(service['namespace']),
            name: String(service['name']),
            path: String(service['path'] ?? '/'),
            port: Number(service['port'] ?? 443),
          },
        }),
    ...(typeof bundle === 'string' ? { caBundle: Buffer.from(bundle, 'base64').toString('utf8') } : {}),
  };
}

function ruleOf(rule: Fields): WebhookRule {
  const list = (key: string) => asList(rule[key]) as string[];
  return {
    operations: list('operations'),
    apiGroups: list('apiGroups'),
    apiVersions: list('apiVersions'),
    resources: list('resources'),
    scope: String(rule['scope'] ?? '*'),
  };
}

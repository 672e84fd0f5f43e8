import { list, map, record, rules, type Schema, text } from './schema.ts';

/** `matchLabels`, as policies, Telemetry, WasmPlugin and DestinationRule select workloads. */
export const labelSelector: Schema = record('WorkloadSelector', 'Workloads, by their labels.', {
  matchLabels: map(
    text('Value of the label.', {
      maxLength: 63,
      ...rules(['!self.contains("*")', 'a label value may not hold a wildcard']),
    }),
    'Labels a workload must have, all of them.',
    {
      maxProperties: 4096,
      ...rules(
        ['self.all(key, !key.contains("*"))', 'a label name may not hold a wildcard'],
        ['self.all(key, key.size() != 0)', 'a label name may not be empty'],
      ),
    },
  ),
});

/** `labels`, as Sidecar, ServiceEntry and EnvoyFilter select workloads. */
export const networkingSelector: Schema = record(
  'LabelsSelector',
  'Workloads of this namespace, by their labels.',
  {
    labels: map(
      text('Value of the label.', {
        maxLength: 63,
        ...rules(['!self.contains("*")', 'a label value may not hold a wildcard']),
      }),
      'Labels a workload must have, all of them.',
      { maxProperties: 256 },
    ),
  },
);

const dnsName = '^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';

/** A Gateway API style reference to what a policy is attached to. */
export const targetRef: Schema = record(
  'PolicyTargetReference',
  'What the policy is attached to: a Gateway, GatewayClass, Service or ServiceEntry of this namespace.',
  {
    group: text('API group; empty for core.', { maxLength: 253, pattern: dnsName }),
    kind: text('Kind of the target.', {
      minLength: 1,
      maxLength: 63,
      pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$',
    }),
    name: text('Name of the target.', { minLength: 1, maxLength: 253 }),
    namespace: text('Not supported: targets are in the namespace of the policy.', {
      ...rules(['self.size() == 0', 'a target in another namespace is not supported']),
    }),
  },
  { required: ['kind', 'name'] },
);

export const targetRefs: Schema = list(
  targetRef,
  'What the policy is attached to; waypoints and Gateway API gateways need it. Not together with selector.',
  { maxItems: 16 },
);

/** CEL rule: at most one of these fields of an object. */
export function onlyOneOf(...fields: string[]): readonly [string, string] {
  const count = fields.map((field) => `(has(self.${field}) ? 1 : 0)`).join(' + ');
  return [`${count} <= 1`, `only one of ${fields.join(', ')} may be set`];
}

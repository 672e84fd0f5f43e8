import { as, list, oneOfWords, record, rules, type Schema, text, texts } from '../schema/schema.ts';
import { networkingSelector, onlyOneOf } from '../schema/selector.schema.ts';
import { servicePort } from './port.schema.ts';
import { altNames, endpoint } from './workload.schema.ts';

const resolution = '(has(self.resolution) ? self.resolution : "NONE")';
const addresses = '(has(self.addresses) ? self.addresses : [])';
const endpoints = '(has(self.endpoints) ? self.endpoints : [])';

export const serviceEntry: Schema = record(
  'ServiceEntrySpec',
  'A service the registry does not know by itself: outside the mesh, or on machines outside Kubernetes.',
  {
    hosts: list(
      text('', rules(['self != "*"', 'a bare * is not a host'])),
      'DNS names of the service; `*.domain` is allowed.',
      {
        minItems: 1,
        maxItems: 256,
      },
    ),
    addresses: list(text('', { maxLength: 64 }), 'Virtual IP addresses or subnets of the service.', {
      maxItems: 256,
    }),
    ports: list(servicePort, 'Ports of the service; may be empty only with workloads that have none.', {
      maxItems: 256,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      ...rules(['self.all(l1, self.exists_one(l2, l1.number == l2.number))', 'port numbers may not repeat']),
    }),
    location: oneOfWords(
      'Whether the service is part of the mesh: mTLS and policies apply only to MESH_INTERNAL.',
      ['MESH_EXTERNAL', 'MESH_INTERNAL'],
      { fallback: 'MESH_EXTERNAL' },
    ),
    resolution: oneOfWords(
      'How endpoints are found: NONE uses the address the caller used; STATIC the endpoints given here; DNS asks for all addresses, DNS_ROUND_ROBIN uses the first one; DYNAMIC_DNS asks for the name the caller used below a wildcard host.',
      ['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'],
      { fallback: 'NONE' },
    ),
    endpoints: list(endpoint, 'Endpoints of the service; not together with workloadSelector.', {
      maxItems: 4096,
    }),
    workloadSelector: as(
      networkingSelector,
      'Pods and WorkloadEntries of this namespace that are the endpoints.',
    ),
    exportTo: texts('Namespaces that see this object: `.` its own, `*` all, `~` none, or names.', {
      fallback: '*, or defaultServiceExportTo of the mesh',
    }),
    subjectAltNames: altNames,
  },
  {
    required: ['hosts'],
    ...rules(
      onlyOneOf('workloadSelector', 'endpoints'),
      [
        `!(${addresses}.exists(k, k.contains("/")) && !(${resolution} in ["STATIC", "NONE"]))`,
        'subnets as addresses need resolution NONE or STATIC',
      ],
      [`${resolution} == "NONE" ? !has(self.endpoints) : true`, 'resolution NONE has no endpoints'],
      [
        `${resolution} == "DNS_ROUND_ROBIN" ? (${endpoints}.size() <= 1) : true`,
        'resolution DNS_ROUND_ROBIN has one endpoint at most',
      ],
    ),
  },
);

import { type ApiObject, asList, asObject, at, type Fields } from '../object.ts';
import type { Column } from '../resources/resource.ts';
import { formatLabelSelector, labelSelectorOf } from '../selector/label-selector.ts';
import { ageColumn, ageText, durationText, nameColumn } from './cells.ts';
import { nodeRoles, nodeStatus, podReady, podRestarts, podStatus } from './pod-cells.ts';

type Cell = (object: Readonly<ApiObject>, now: number) => unknown;

/** A column of text (`Name`), of a number (`Name#`), shown only with -o wide (`+Name`). */
function column(title: string, cell: Cell): Column {
  const wide = title.startsWith('+');
  const name = title.replace(/^\+|#$/g, '');
  return {
    name,
    type: title.endsWith('#') ? 'integer' : 'string',
    description: `${name} of the object.`,
    priority: wide ? 1 : 0,
    cell,
  };
}

const path =
  (...keys: string[]): Cell =>
  (object) =>
    at(object, ...keys);

const text =
  (fallback: string, ...keys: string[]): Cell =>
  (object) => {
    const value = at(object, ...keys);
    return value === undefined || value === '' ? fallback : String(value);
  };

const number =
  (...keys: string[]): Cell =>
  (object) =>
    Number(at(object, ...keys) ?? 0);

const size =
  (...keys: string[]): Cell =>
  (object) => {
    const value = at(object, ...keys);
    return Array.isArray(value) ? value.length : Object.keys(asObject(value) ?? {}).length;
  };

const selector: Cell = (object) => {
  const found = at(object, 'spec', 'selector');
  if (found === undefined) return '<none>';
  const fields = asObject(found) ?? {};
  const wrapped = 'matchLabels' in fields || 'matchExpressions' in fields ? fields : { matchLabels: fields };
  return formatLabelSelector(labelSelectorOf(wrapped)) || '<none>';
};

function containers(object: Readonly<ApiObject>, field: 'name' | 'image'): string {
  const spec =
    at(object, 'spec', 'template', 'spec') ?? at(object, 'spec', 'jobTemplate', 'spec', 'template', 'spec');
  return (asList(at(spec, 'containers')) as Fields[]).map((one) => one[field]).join(',');
}

const wideWorkload = [
  column('+Containers', (object) => containers(object, 'name')),
  column('+Images', (object) => containers(object, 'image')),
  column('+Selector', selector),
];

const names = (list: unknown, key: string): string =>
  (asList(list) as Fields[]).map((one) => one[key]).join(',');

function ingressAddresses(object: Readonly<ApiObject>): string {
  const list = asList(at(object, 'status', 'loadBalancer', 'ingress')) as Fields[];
  return list.map((one) => one['ip'] ?? one['hostname']).join(',');
}

function externalAddress(service: Readonly<ApiObject>): string {
  const spec = asObject(service.spec) ?? {};
  const extra = (asList(spec['externalIPs']) as string[]).join(',');
  if (spec['type'] === 'ExternalName') return String(spec['externalName']);
  if (spec['type'] !== 'LoadBalancer') return extra || '<none>';
  return [ingressAddresses(service), extra].filter(Boolean).join(',') || '<pending>';
}

function servicePorts(service: Readonly<ApiObject>): string {
  const ports = asList(at(service, 'spec', 'ports')) as Fields[];
  if (ports.length === 0) return '<none>';
  return ports
    .map(
      (port) =>
        `${port['port']}${port['nodePort'] === undefined ? '' : `:${port['nodePort']}`}/${port['protocol']}`,
    )
    .join(',');
}

function nodeAddress(type: string): Cell {
  return (node) => {
    const list = asList(at(node, 'status', 'addresses')) as Fields[];
    return list.find((one) => one['type'] === type)?.['address'] ?? '<none>';
  };
}

function endpointText(object: Readonly<ApiObject>): string {
  const found: string[] = [];
  for (const subset of asList(object['subsets']) as Fields[]) {
    for (const address of asList(subset['addresses']) as Fields[]) {
      const ports = asList(subset['ports']) as Fields[];
      if (ports.length === 0) found.push(String(address['ip']));
      for (const port of ports) found.push(`${address['ip']}:${port['port']}`);
    }
  }
  return short(found);
}

function short(list: readonly string[]): string {
  if (list.length === 0) return '<none>';
  return list.length <= 3 ? list.join(',') : `${list.slice(0, 3).join(',')} + ${list.length - 3} more...`;
}

function slicePorts(object: Readonly<ApiObject>): string {
  const ports = asList(object['ports']) as Fields[];
  return ports.length === 0 ? '<unset>' : short(ports.map((port) => String(port['port'] ?? '*')));
}

function sliceEndpoints(object: Readonly<ApiObject>): string {
  return short(
    (asList(object['endpoints']) as Fields[]).flatMap((one) => asList(one['addresses']) as string[]),
  ).replace('<none>', '<unset>');
}

function jobDuration(job: Readonly<ApiObject>, now: number): string {
  const start = at(job, 'status', 'startTime');
  const end = at(job, 'status', 'completionTime');
  if (typeof start !== 'string') return '';
  return durationText((typeof end === 'string' ? Date.parse(end) : now) - Date.parse(start));
}

function jobStatus(job: Readonly<ApiObject>): string {
  const conditions = asList(at(job, 'status', 'conditions')) as Fields[];
  const is = (type: string) => conditions.some((one) => one['type'] === type && one['status'] === 'True');
  if (is('Complete')) return 'Complete';
  if (is('Failed')) return 'Failed';
  if (is('Suspended')) return 'Suspended';
  return 'Running';
}

function roleText(binding: Readonly<ApiObject>): string {
  return `${at(binding, 'roleRef', 'kind')}/${at(binding, 'roleRef', 'name')}`;
}

function subjects(binding: Readonly<ApiObject>, kind: string): string {
  return (asList(binding['subjects']) as Fields[])
    .filter((one) => one['kind'] === kind)
    .map((one) => (kind === 'ServiceAccount' ? `${one['namespace']}/${one['name']}` : one['name']))
    .join(', ');
}

function metricText(metric: Fields, current: Fields | undefined): string {
  const kind = String(metric['type']).replace(/^./, (c) => c.toLowerCase());
  const spec = asObject(metric[kind]) ?? {};
  const target = asObject(spec['target']) ?? {};
  const now = asObject(asObject(current?.[kind])?.['current']) ?? {};
  const name = spec['name'] === undefined ? '' : `${spec['name']}: `;
  if (target['averageUtilization'] !== undefined) {
    const used = now['averageUtilization'] === undefined ? '<unknown>' : `${now['averageUtilization']}%`;
    return `${name}${used}/${target['averageUtilization']}%`;
  }
  const wanted = target['averageValue'] ?? target['value'];
  return `${name}${now['averageValue'] ?? now['value'] ?? '<unknown>'}/${wanted}`;
}

function autoscalerTargets(object: Readonly<ApiObject>): string {
  const metrics = asList(at(object, 'spec', 'metrics')) as Fields[];
  const current = asList(at(object, 'status', 'currentMetrics')) as Fields[];
  if (metrics.length === 0) {
    const wanted = at(object, 'spec', 'targetCPUUtilizationPercentage');
    return wanted === undefined ? '<none>' : `cpu: <unknown>/${wanted}%`;
  }
  return metrics.map((metric, i) => metricText(metric, current[i])).join(', ');
}

const scaleTarget: Cell = (object) =>
  `${at(object, 'spec', 'scaleTargetRef', 'kind')}/${at(object, 'spec', 'scaleTargetRef', 'name')}`;

const lastSeen: Cell = (event, now) =>
  ageText(
    event['lastTimestamp'] ??
      event['deprecatedLastTimestamp'] ??
      event['eventTime'] ??
      event.metadata.creationTimestamp,
    now,
  );

function eventObject(event: Readonly<ApiObject>): string {
  const about = asObject(event['involvedObject'] ?? event['regarding']) ?? {};
  return `${String(about['kind']).toLowerCase()}/${about['name']}`;
}

/** Columns of built-in kinds by kind (or apiVersion/kind). Kinds without a row show name and creation time. */
export const builtinColumns: Record<string, readonly Column[]> = {
  Pod: [
    nameColumn,
    column('Ready', podReady),
    column('Status', podStatus),
    column('Restarts', podRestarts),
    ageColumn,
    column('+IP', text('<none>', 'status', 'podIP')),
    column('+Node', text('<none>', 'spec', 'nodeName')),
    column('+Nominated Node', text('<none>', 'status', 'nominatedNodeName')),
    column('+Readiness Gates', (pod) =>
      asList(at(pod, 'spec', 'readinessGates')).length === 0
        ? '<none>'
        : `0/${asList(at(pod, 'spec', 'readinessGates')).length}`,
    ),
  ],
  Deployment: [
    nameColumn,
    column(
      'Ready',
      (object) => `${at(object, 'status', 'readyReplicas') ?? 0}/${at(object, 'spec', 'replicas') ?? 0}`,
    ),
    column('Up-to-date#', number('status', 'updatedReplicas')),
    column('Available#', number('status', 'availableReplicas')),
    ageColumn,
    ...wideWorkload,
  ],
  ReplicaSet: [
    nameColumn,
    column('Desired#', number('spec', 'replicas')),
    column('Current#', number('status', 'replicas')),
    column('Ready#', number('status', 'readyReplicas')),
    ageColumn,
    ...wideWorkload,
  ],
  ReplicationController: [
    nameColumn,
    column('Desired#', number('spec', 'replicas')),
    column('Current#', number('status', 'replicas')),
    column('Ready#', number('status', 'readyReplicas')),
    ageColumn,
    ...wideWorkload,
  ],
  StatefulSet: [
    nameColumn,
    column(
      'Ready',
      (object) => `${at(object, 'status', 'readyReplicas') ?? 0}/${at(object, 'spec', 'replicas') ?? 0}`,
    ),
    ageColumn,
    ...wideWorkload.slice(0, 2),
  ],
  DaemonSet: [
    nameColumn,
    column('Desired#', number('status', 'desiredNumberScheduled')),
    column('Current#', number('status', 'currentNumberScheduled')),
    column('Ready#', number('status', 'numberReady')),
    column('Up-to-date#', number('status', 'updatedNumberScheduled')),
    column('Available#', number('status', 'numberAvailable')),
    column('Node Selector', (object) => {
      const wanted = asObject(at(object, 'spec', 'template', 'spec', 'nodeSelector')) ?? {};
      return (
        Object.entries(wanted)
          .map(([key, value]) => `${key}=${value}`)
          .join(',') || '<none>'
      );
    }),
    ageColumn,
    ...wideWorkload,
  ],
  Job: [
    nameColumn,
    column('Status', jobStatus),
    column(
      'Completions',
      (job) => `${at(job, 'status', 'succeeded') ?? 0}/${at(job, 'spec', 'completions') ?? 1}`,
    ),
    column('Duration', jobDuration),
    ageColumn,
    ...wideWorkload,
  ],
  CronJob: [
    nameColumn,
    column('Schedule', path('spec', 'schedule')),
    column('Timezone', text('<none>', 'spec', 'timeZone')),
    column('Suspend', (object) => (at(object, 'spec', 'suspend') === true ? 'True' : 'False')),
    column('Active#', size('status', 'active')),
    column('Last Schedule', (object, now) => {
      const time = at(object, 'status', 'lastScheduleTime');
      return time === undefined ? '<none>' : ageText(time, now);
    }),
    ageColumn,
    ...wideWorkload.slice(0, 2),
  ],
  Service: [
    nameColumn,
    column('Type', path('spec', 'type')),
    column('Cluster-IP', text('<none>', 'spec', 'clusterIP')),
    column('External-IP', externalAddress),
    column('Port(s)', servicePorts),
    ageColumn,
    column('+Selector', selector),
  ],
  Namespace: [nameColumn, column('Status', path('status', 'phase')), ageColumn],
  Node: [
    nameColumn,
    column('Status', nodeStatus),
    column('Roles', nodeRoles),
    ageColumn,
    column('Version', path('status', 'nodeInfo', 'kubeletVersion')),
    column('+Internal-IP', nodeAddress('InternalIP')),
    column('+External-IP', nodeAddress('ExternalIP')),
    column('+OS-Image', text('<unknown>', 'status', 'nodeInfo', 'osImage')),
    column('+Kernel-Version', text('<unknown>', 'status', 'nodeInfo', 'kernelVersion')),
    column('+Container-Runtime', text('<unknown>', 'status', 'nodeInfo', 'containerRuntimeVersion')),
  ],
  ConfigMap: [
    nameColumn,
    column(
      'Data#',
      (object) =>
        Object.keys(asObject(object['data']) ?? {}).length +
        Object.keys(asObject(object['binaryData']) ?? {}).length,
    ),
    ageColumn,
  ],
  Secret: [nameColumn, column('Type', path('type')), column('Data#', size('data')), ageColumn],
  ServiceAccount: [nameColumn, column('Secrets#', size('secrets')), ageColumn],
  Endpoints: [nameColumn, column('Endpoints', endpointText), ageColumn],
  EndpointSlice: [
    nameColumn,
    column('AddressType', path('addressType')),
    column('Ports', slicePorts),
    column('Endpoints', sliceEndpoints),
    ageColumn,
  ],
  'v1/Event': [
    column('Last Seen', lastSeen),
    column('Type', path('type')),
    column('Reason', path('reason')),
    column('Object', eventObject),
    column('+Subobject', path('involvedObject', 'fieldPath')),
    column('+Source', (event) =>
      [at(event, 'source', 'component') ?? event['reportingComponent'], at(event, 'source', 'host')]
        .filter(Boolean)
        .join(', '),
    ),
    column('Message', path('message')),
    column('+First Seen', (event, now) =>
      ageText(event['firstTimestamp'] ?? event.metadata.creationTimestamp, now),
    ),
    column('+Count#', (event) => Number(event['count'] ?? 1)),
    { ...nameColumn, priority: 1 },
  ],
  'events.k8s.io/v1/Event': [
    column('Last Seen', lastSeen),
    column('Type', path('type')),
    column('Reason', path('reason')),
    column('Object', eventObject),
    column('Message', path('note')),
  ],
  Ingress: [
    nameColumn,
    column('Class', text('<none>', 'spec', 'ingressClassName')),
    column('Hosts', (object) => names(at(object, 'spec', 'rules'), 'host') || '*'),
    column('Address', ingressAddresses),
    column('Ports', (object) => (asList(at(object, 'spec', 'tls')).length > 0 ? '80, 443' : '80')),
    ageColumn,
  ],
  IngressClass: [
    nameColumn,
    column('Controller', path('spec', 'controller')),
    column('Parameters', () => '<none>'),
    ageColumn,
  ],
  NetworkPolicy: [
    nameColumn,
    column(
      'Pod-Selector',
      (object) => formatLabelSelector(labelSelectorOf(at(object, 'spec', 'podSelector'))) || '<none>',
    ),
    ageColumn,
  ],
  HorizontalPodAutoscaler: [
    nameColumn,
    column('Reference', scaleTarget),
    column('Targets', autoscalerTargets),
    column('MinPods', (object) => String(at(object, 'spec', 'minReplicas') ?? '<unset>')),
    column('MaxPods#', number('spec', 'maxReplicas')),
    column('Replicas#', number('status', 'currentReplicas')),
    ageColumn,
  ],
  PodDisruptionBudget: [
    nameColumn,
    column('Min Available', text('N/A', 'spec', 'minAvailable')),
    column('Max Unavailable', text('N/A', 'spec', 'maxUnavailable')),
    column('Allowed Disruptions#', number('status', 'disruptionsAllowed')),
    ageColumn,
  ],
  RoleBinding: [nameColumn, column('Role', roleText), ageColumn, ...boundColumns()],
  ClusterRoleBinding: [nameColumn, column('Role', roleText), ageColumn, ...boundColumns()],
  Lease: [nameColumn, column('Holder', path('spec', 'holderIdentity')), ageColumn],
  MutatingWebhookConfiguration: [nameColumn, column('Webhooks#', size('webhooks')), ageColumn],
  ValidatingWebhookConfiguration: [nameColumn, column('Webhooks#', size('webhooks')), ageColumn],
  StorageClass: [
    nameColumn,
    column('Provisioner', path('provisioner')),
    column('ReclaimPolicy', path('reclaimPolicy')),
    column('VolumeBindingMode', path('volumeBindingMode')),
    column('AllowVolumeExpansion', (object) => object['allowVolumeExpansion'] === true),
    ageColumn,
  ],
  PersistentVolumeClaim: [
    nameColumn,
    column('Status', path('status', 'phase')),
    column('Volume', path('spec', 'volumeName')),
    column('Capacity', path('status', 'capacity', 'storage')),
    column('Access Modes', (object) =>
      (asList(at(object, 'status', 'accessModes')) as string[]).map(accessMode).join(','),
    ),
    column('StorageClass', path('spec', 'storageClassName')),
    column('VolumeAttributesClass', text('<unset>', 'spec', 'volumeAttributesClassName')),
    ageColumn,
    column('+VolumeMode', path('spec', 'volumeMode')),
  ],
  PriorityClass: [
    nameColumn,
    column('Value#', number('value')),
    column('Global-Default', (object) => object['globalDefault'] === true),
    ageColumn,
    column('PreemptionPolicy', path('preemptionPolicy')),
  ],
  CertificateSigningRequest: [
    nameColumn,
    ageColumn,
    column('SignerName', path('spec', 'signerName')),
    column('Requestor', path('spec', 'username')),
    column('RequestedDuration', text('<none>', 'spec', 'expirationSeconds')),
    column('Condition', (object) => names(at(object, 'status', 'conditions'), 'type') || 'Pending'),
  ],
  ControllerRevision: [
    nameColumn,
    column('Controller', (object) => {
      const owner = object.metadata.ownerReferences?.find((one) => one.controller);
      return owner === undefined
        ? '<none>'
        : `${owner.kind.toLowerCase()}.${owner.apiVersion.split('/')[0]}/${owner.name}`;
    }),
    column('Revision#', number('revision')),
    ageColumn,
  ],
  ResourceQuota: [
    nameColumn,
    column('Request', (object) => quotaText(object, 'requests')),
    column('Limit', (object) => quotaText(object, 'limits')),
    ageColumn,
  ],
};

function quotaText(object: Readonly<ApiObject>, kind: string): string {
  const hard = asObject(at(object, 'status', 'hard')) ?? asObject(at(object, 'spec', 'hard')) ?? {};
  const used = asObject(at(object, 'status', 'used')) ?? {};
  return Object.entries(hard)
    .filter(([key]) => key.startsWith('limits.') === (kind === 'limits'))
    .map(([key, value]) => `${key}: ${used[key] ?? 0}/${value}`)
    .join(', ');
}

function accessMode(mode: string): string {
  return (
    { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' }[mode] ??
    mode
  );
}

function boundColumns(): Column[] {
  return [
    column('+Users', (object) => subjects(object, 'User')),
    column('+Groups', (object) => subjects(object, 'Group')),
    column('+ServiceAccounts', (object) => subjects(object, 'ServiceAccount')),
  ];
}

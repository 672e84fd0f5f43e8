import type { ApiCore } from '../core.ts';
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  invalidObject,
  required,
} from '../field-error.ts';
import { type ApiObject, asList, asObject, ensureObject, type Fields } from '../object.ts';
import { internalError } from '../status.ts';
import { checkLabels, nameFaults } from '../validation/names.ts';
import { checkPortNumber } from '../validation/pod.ts';
import type { Strategy } from './strategy.ts';

export const serviceStrategy: Strategy = {
  nameRule: 'dns1035',
  default: defaultService,
  prepareCreate(object, core) {
    object.status = { loadBalancer: {} };
    allocate(object, undefined, core);
  },
  prepareUpdate(object, old, core, request) {
    if (request.subresource !== 'status') allocate(object, old, core);
  },
  validate: checkService,
  validateUpdate(object, old, errors) {
    const now = asObject(object.spec);
    const before = asObject(old.spec);
    if (now?.['type'] === 'ExternalName' || before?.['type'] === 'ExternalName') return;
    if (before?.['clusterIP'] && now?.['clusterIP'] !== before['clusterIP']) {
      const message = 'may not change once set';
      errors.push(invalid('spec.clusterIPs[0]', asList(now?.['clusterIPs']), message));
    }
  },
};

function defaultService(object: ApiObject): void {
  const spec = ensureObject(object, 'spec');
  const type = spec['type'] as string;
  spec['sessionAffinity'] ??= 'None';
  spec['type'] ??= 'ClusterIP';
  if (spec['sessionAffinity'] === 'ClientIP') {
    const config = ensureObject(spec, 'sessionAffinityConfig');
    const clientIp = ensureObject(config, 'clientIP');
    clientIp['timeoutSeconds'] ??= 10800;
  } else delete spec['sessionAffinityConfig'];
  for (const port of asList(spec['ports']) as Fields[]) {
    if (port['targetPort'] === undefined || port['targetPort'] === 0 || port['targetPort'] === '') {
      port['targetPort'] = port['port'];
    }
  }
  if (type === 'ExternalName') return;
  spec['internalTrafficPolicy'] ??= 'Cluster';
  if (type === 'NodePort' || type === 'LoadBalancer') spec['externalTrafficPolicy'] ??= 'Cluster';
  if (type === 'LoadBalancer') spec['allocateLoadBalancerNodePorts'] ??= true;
}

/** Gives the Service its address and node ports, and takes back what its new type has no use for. */
function allocate(object: ApiObject, old: Readonly<ApiObject> | undefined, core: ApiCore): void {
  const spec = asObject(object.spec) as Fields;
  const before = asObject(old?.spec);
  if (spec['type'] === 'ExternalName') {
    for (const field of [
      'clusterIP',
      'clusterIPs',
      'ipFamilies',
      'ipFamilyPolicy',
      'internalTrafficPolicy',
      'externalTrafficPolicy',
    ])
      delete spec[field];
    dropNodePorts(spec);
    return;
  }
  allocateAddress(object, spec, before, core);
  if (spec['type'] === 'ClusterIP') {
    if (before !== undefined && before['type'] !== 'ClusterIP') dropNodePorts(spec);
    delete spec['externalTrafficPolicy'];
    delete spec['allocateLoadBalancerNodePorts'];
    return;
  }
  if (spec['type'] === 'NodePort') delete spec['allocateLoadBalancerNodePorts'];
  if (spec['allocateLoadBalancerNodePorts'] === false) return;
  allocatePorts(object, spec, before, core);
}

function allocateAddress(object: ApiObject, spec: Fields, before: Fields | undefined, core: ApiCore): void {
  const { allocator } = core;
  const given = asList(spec['clusterIPs'])[0] ?? spec['clusterIP'];
  spec['clusterIP'] ??= given ?? before?.['clusterIP'];
  if (spec['clusterIP'] === undefined) {
    const address = allocator.nextAddress();
    if (address === undefined) throw internalError('failed to allocate a serviceIP: range is full');
    spec['clusterIP'] = address;
  } else if (spec['clusterIP'] !== 'None' && spec['clusterIP'] !== before?.['clusterIP']) {
    const wanted = String(spec['clusterIP']);
    const errors: FieldError[] = [];
    if (!allocator.contains(wanted)) {
      errors.push(
        invalid(
          'spec.clusterIPs',
          [wanted],
          `failed to allocate IP ${wanted}: the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${allocator.cidr}`,
        ),
      );
    } else if (allocator.isTaken(wanted)) {
      errors.push(
        invalid(
          'spec.clusterIPs',
          [wanted],
          `failed to allocate IP ${wanted}: provided IP is already allocated`,
        ),
      );
    }
    if (errors.length > 0) throw invalidObject({ group: '', kind: 'Service' }, object.metadata.name, errors);
  }
  spec['clusterIPs'] = [spec['clusterIP']];
  spec['ipFamilies'] ??= ['IPv4'];
  spec['ipFamilyPolicy'] ??= 'SingleStack';
}

function allocatePorts(object: ApiObject, spec: Fields, before: Fields | undefined, core: ApiCore): void {
  const old = asList(before?.['ports']) as Fields[];
  const mine = new Set(old.map((port) => port['nodePort']));
  const given = new Set<number>();
  for (const port of asList(spec['ports']) as Fields[]) {
    const wanted = port['nodePort'] as number | undefined;
    if (wanted === undefined || wanted === 0) {
      const kept = old.find((one) => one['port'] === port['port'] && one['protocol'] === port['protocol'])?.[
        'nodePort'
      ];
      port['nodePort'] = kept ?? freePort(core, given);
    } else if (!mine.has(wanted) && core.allocator.isPortTaken(wanted)) {
      throw invalidObject({ group: '', kind: 'Service' }, object.metadata.name, [
        invalid('spec.ports[0].nodePort', wanted, 'provided port is already allocated'),
      ]);
    }
    given.add(port['nodePort'] as number);
  }
}

function freePort(core: ApiCore, given: ReadonlySet<number>): number {
  for (let tries = 0; tries < 100; tries++) {
    const port = core.allocator.nextPort();
    if (port === undefined) break;
    if (!given.has(port)) return port;
  }
  throw internalError('failed to allocate a nodePort: range is full');
}

function dropNodePorts(spec: Fields): void {
  for (const port of asList(spec['ports']) as Fields[]) delete port['nodePort'];
  delete spec['healthCheckNodePort'];
}

function checkService(object: Readonly<ApiObject>, errors: FieldError[]): void {
  const spec = asObject(object.spec) ?? {};
  const ports = asList(spec['ports']) as Fields[];
  const headless = spec['clusterIP'] === 'None';
  if (spec['type'] === 'ExternalName') {
    if (!spec['externalName']) errors.push(required('spec.externalName'));
  } else if (ports.length === 0 && !headless) errors.push(required('spec.ports'));
  if (headless && (spec['type'] === 'LoadBalancer' || spec['type'] === 'NodePort')) {
    errors.push(
      invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec['type']} services`),
    );
  }
  checkLabels(spec['selector'] as Record<string, string> | undefined, 'spec.selector', errors);
  checkServicePorts(ports, spec['type'] as string, errors);
}

function checkServicePorts(ports: readonly Fields[], type: string, errors: FieldError[]): void {
  const names = new Set<unknown>();
  const numbers = new Set<string>();
  ports.forEach((port, i) => {
    const at = `spec.ports[${i}]`;
    const name = port['name'];
    if (name === undefined) {
      if (ports.length > 1) errors.push(required(`${at}.name`));
    } else {
      for (const fault of nameFaults('label', String(name))) errors.push(invalid(`${at}.name`, name, fault));
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    checkPortNumber(port['port'], `${at}.port`, errors);
    if (typeof port['targetPort'] === 'number')
      checkPortNumber(port['targetPort'], `${at}.targetPort`, errors);
    const number = `${port['port']}/${port['protocol']}`;
    if (numbers.has(number)) {
      errors.push(duplicate(at, { protocol: port['protocol'], port: port['port'] }));
    }
    numbers.add(number);
    checkNodePort(port['nodePort'], type, `${at}.nodePort`, errors);
  });
}

function checkNodePort(port: unknown, type: string, path: string, errors: FieldError[]): void {
  if (typeof port !== 'number' || port === 0) return;
  if (type === 'ClusterIP') {
    errors.push(forbiddenField(path, "may not be used when `type` is 'ClusterIP'"));
  } else if (port < 30000 || port > 32767) {
    errors.push(
      invalid(path, port, 'provided port is not in the valid range. The range of valid ports is 30000-32767'),
    );
  }
}

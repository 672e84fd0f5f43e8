import { duplicate, type FieldError, invalid, notSupported, required } from '../field-error.ts';
import { asList, asObject, type Fields } from '../object.ts';
import { nameFaults, portNameFaults } from './names.ts';

/** The faults users make in pods and pod templates. */
export function checkPodSpec(spec: Fields | undefined, path: string, errors: FieldError[]): void {
  if (spec === undefined) return;
  const volumes = checkVolumes(asList(spec['volumes']) as Fields[], `${path}.volumes`, errors);
  const names = new Set<string>();
  for (const list of ['containers', 'initContainers']) {
    (asList(spec[list]) as Fields[]).forEach((container, i) => {
      checkContainer(container, `${path}.${list}[${i}]`, volumes, names, errors, list === 'initContainers');
    });
  }
  const grace = spec['terminationGracePeriodSeconds'];
  if (typeof grace === 'number' && grace < 0) {
    errors.push(
      invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than or equal to 0'),
    );
  }
}

function checkVolumes(volumes: readonly Fields[], path: string, errors: FieldError[]): Set<string> {
  const names = new Set<string>();
  volumes.forEach((volume, i) => {
    const name = String(volume['name'] ?? '');
    for (const fault of name === '' ? [] : nameFaults('label', name)) {
      errors.push(invalid(`${path}[${i}].name`, name, fault));
    }
    if (names.has(name)) errors.push(duplicate(`${path}[${i}].name`, name));
    names.add(name);
  });
  return names;
}

function checkContainer(
  container: Fields,
  path: string,
  volumes: ReadonlySet<string>,
  names: Set<string>,
  errors: FieldError[],
  isInit: boolean,
): void {
  const name = String(container['name'] ?? '');
  for (const fault of name === '' ? [] : nameFaults('label', name)) {
    errors.push(invalid(`${path}.name`, name, fault));
  }
  if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
  names.add(name);
  if (!container['image']) errors.push(required(`${path}.image`));
  checkPorts(asList(container['ports']) as Fields[], `${path}.ports`, errors);
  checkEnv(asList(container['env']) as Fields[], `${path}.env`, errors);
  checkMounts(asList(container['volumeMounts']) as Fields[], `${path}.volumeMounts`, volumes, errors);
  const sidecar = isInit && container['restartPolicy'] === 'Always';
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const found = asObject(container[probe]);
    if (found === undefined) continue;
    if (isInit && !sidecar) {
      errors.push({
        reason: 'FieldValueForbidden',
        field: `${path}.${probe}`,
        message: 'Forbidden: may not be set for init containers without restartPolicy=Always',
      });
    } else checkProbe(found, `${path}.${probe}`, errors);
  }
}

function checkPorts(ports: readonly Fields[], path: string, errors: FieldError[]): void {
  const names = new Set<string>();
  ports.forEach((port, i) => {
    const at = `${path}[${i}]`;
    const name = port['name'];
    if (typeof name === 'string') {
      for (const fault of portNameFaults(name)) errors.push(invalid(`${at}.name`, name, fault));
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    checkPortNumber(port['containerPort'], `${at}.containerPort`, errors);
    if (port['hostPort'] !== undefined) checkPortNumber(port['hostPort'], `${at}.hostPort`, errors);
  });
}

export function checkPortNumber(port: unknown, path: string, errors: FieldError[]): void {
  if (typeof port === 'number' && (port < 1 || port > 65535)) {
    errors.push(invalid(path, port, 'must be between 1 and 65535, inclusive'));
  }
}

function checkEnv(env: readonly Fields[], path: string, errors: FieldError[]): void {
  env.forEach((variable, i) => {
    const at = `${path}[${i}]`;
    if (variable['value'] && variable['valueFrom'] !== undefined) {
      errors.push(invalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty'));
    }
    const source = asObject(variable['valueFrom']);
    if (source !== undefined && Object.keys(source).length !== 1) {
      errors.push(
        invalid(
          `${at}.valueFrom`,
          '',
          Object.keys(source).length === 0
            ? 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'
            : 'may not have more than one field specified at a time',
        ),
      );
    }
  });
}

function checkMounts(
  mounts: readonly Fields[],
  path: string,
  volumes: ReadonlySet<string>,
  errors: FieldError[],
): void {
  const paths = new Set<unknown>();
  mounts.forEach((mount, i) => {
    const at = `${path}[${i}]`;
    const name = mount['name'];
    if (typeof name === 'string' && !volumes.has(name)) {
      errors.push({
        reason: 'FieldValueNotFound',
        field: `${at}.name`,
        message: `Not found: ${JSON.stringify(name)}`,
      });
    }
    if (paths.has(mount['mountPath'])) {
      errors.push(invalid(`${at}.mountPath`, mount['mountPath'], 'must be unique'));
    }
    paths.add(mount['mountPath']);
  });
}

function checkProbe(probe: Fields, path: string, errors: FieldError[]): void {
  const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'].filter((key) => probe[key] !== undefined);
  if (handlers.length === 0) errors.push(required(path, 'must specify a handler type'));
  if (handlers.length > 1) {
    errors.push({
      reason: 'FieldValueForbidden',
      field: `${path}.${handlers[1]}`,
      message: 'Forbidden: may not specify more than 1 handler type',
    });
  }
  for (const handler of ['httpGet', 'tcpSocket']) {
    const port = asObject(probe[handler])?.['port'];
    if (typeof port === 'number') checkPortNumber(port, `${path}.${handler}.port`, errors);
  }
}

export function checkRestartPolicy(
  spec: Fields | undefined,
  path: string,
  allowed: readonly string[],
  errors: FieldError[],
): void {
  const policy = spec?.['restartPolicy'];
  if (!allowed.includes(String(policy))) errors.push(notSupported(`${path}.restartPolicy`, policy, allowed));
}

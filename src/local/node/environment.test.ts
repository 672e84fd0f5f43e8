import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerEnv, expandVariables, MissingReferenceError, type PodFacts } from './environment.ts';
import type { Container, Pod } from './pod-spec.ts';
import { parseQuantity, resourceValue } from './quantity.ts';

const container: Container = {
  name: 'app',
  image: 'busybox',
  resources: { limits: { cpu: '1500m', memory: '64Mi' } },
};
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', namespace: 'shop', uid: 'u-1', labels: { app: 'x', tier: 'y' }, annotations: {} },
  spec: { containers: [container], serviceAccountName: 'clerk' },
} as Pod;
const facts: PodFacts = {
  pod,
  podIp: '10.244.1.1',
  nodeName: 'lateen',
  nodeIp: '10.244.0.1',
  configMap: (name) => (name === 'settings' ? { data: { COLOR: 'red', 'log.level': 'debug' } } : undefined),
  secret: (name) =>
    name === 'keys' ? { data: { TOKEN: Buffer.from('s3cret').toString('base64') } } : undefined,
};
const env = (list: Container['env'], envFrom?: Container['envFrom']) =>
  containerEnv(facts, { ...container, ...(list ? { env: list } : {}), ...(envFrom ? { envFrom } : {}) }, {});

test('variables are filled in from what was defined before them', () => {
  const list = [
    { name: 'A', value: 'one' },
    { name: 'B', value: '$(A)-$(LATER)-$$(A)' },
    { name: 'LATER', value: 'x' },
  ];
  assert.deepEqual(env(list), { A: 'one', B: 'one-$(LATER)-$(A)', LATER: 'x' });
});

test('a lone dollar stays as it is', () => {
  assert.equal(expandVariables('$5 $HOME $', { HOME: '/root' }), '$5 $HOME $');
});

test('the downward API gives names, addresses, labels and resources', () => {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const got = env([
    field('NAME', 'metadata.name'),
    field('IP', 'status.podIP'),
    field('HOST', 'status.hostIP'),
    field('ACCOUNT', 'spec.serviceAccountName'),
    field('APP', "metadata.labels['app']"),
    { name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
    { name: 'MILLIS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
  ]);
  assert.deepEqual(got, {
    NAME: 'a',
    IP: '10.244.1.1',
    HOST: '10.244.0.1',
    ACCOUNT: 'clerk',
    APP: 'x',
    CPUS: '2',
    MILLIS: '1500',
  });
});

test('whole ConfigMaps and Secrets come in with a prefix, single keys by name', () => {
  const got = env(
    [{ name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'settings', key: 'log.level' } } }],
    [{ prefix: 'CFG_', configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }],
  );
  assert.equal(got['CFG_COLOR'], 'red');
  assert.equal(got['TOKEN'], 's3cret');
  assert.equal(got['LEVEL'], 'debug');
});

test('a missing reference stops the container with a message, unless it is optional', () => {
  const ref = (optional?: boolean) => [
    { name: 'X', valueFrom: { secretKeyRef: { name: 'none', key: 'k', ...(optional ? { optional } : {}) } } },
  ];
  assert.throws(() => env(ref()), new MissingReferenceError('secret "none" not found'));
  assert.deepEqual(env(ref(true)), {});
});

test('quantities are read with their suffixes', () => {
  assert.equal(parseQuantity('100m'), 0.1);
  assert.equal(parseQuantity('2Gi'), 2 ** 31);
  assert.equal(parseQuantity('1e3'), 1000);
  assert.equal(parseQuantity('lots'), undefined);
});

test('a request that is not set follows the limit, and without both is 0', () => {
  assert.equal(resourceValue({ limits: { memory: '1Ki' } }, 'requests.memory'), '1024');
  assert.equal(resourceValue({}, 'requests.memory'), '0');
});

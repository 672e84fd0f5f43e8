import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyPatch } from 'rfc6902';
import { injectionConfig } from './config.ts';
import { injectObject } from './inject-object.ts';
import { injectPod } from './inject-pod.ts';
import type { Pod } from './pod.ts';

const inputs = { values: {}, config: {}, meshConfig: {}, nativeSidecars: false };
const config = injectionConfig(inputs);
const native = injectionConfig({ ...inputs, nativeSidecars: true });

function pod(metadata: Pod['metadata'] = {}, spec: Partial<Pod['spec']> = {}): Pod {
  return {
    metadata: { labels: { app: 'reviews', version: 'v1' }, ...metadata },
    spec: {
      containers: [{ name: 'reviews', image: 'reviews:1', ports: [{ containerPort: 9080 }] }],
      ...spec,
    },
  };
}

function injected(result: ReturnType<typeof injectPod>): Pod {
  assert.equal(result.kind, 'injected');
  return (result as { pod: Pod }).pod;
}

test('the patch turns the pod into the injected pod', () => {
  const original = pod();
  const result = injectPod(original, { namespace: 'default' }, config);
  assert.equal(result.kind, 'injected');
  const patched = structuredClone(original);
  assert.deepEqual(
    applyPatch(patched, (result as { patch: Parameters<typeof applyPatch>[1] }).patch).filter(Boolean),
    [],
  );
  assert.deepEqual(patched, injected(result));
});

test('without native sidecars the proxy is the last container and istio-init the first init container', () => {
  const result = injected(
    injectPod(pod({}, { initContainers: [{ name: 'migrate' }] }), { namespace: 'default' }, config),
  );
  assert.deepEqual(
    result.spec.containers.map((c) => c.name),
    ['reviews', 'istio-proxy'],
  );
  assert.deepEqual(
    result.spec.initContainers?.map((c) => c.name),
    ['istio-init', 'migrate'],
  );
});

test('a native sidecar starts before the pod’s own init containers', () => {
  const result = injected(
    injectPod(pod({}, { initContainers: [{ name: 'migrate' }] }), { namespace: 'default' }, native),
  );
  assert.deepEqual(
    result.spec.containers.map((c) => c.name),
    ['reviews'],
  );
  assert.deepEqual(
    result.spec.initContainers?.map((c) => c.name),
    ['istio-init', 'istio-proxy', 'migrate'],
  );
  assert.equal(result.spec.initContainers?.[1]?.restartPolicy, 'Always');
});

test('holdApplicationUntilProxyStarts puts the proxy first with a postStart wait', () => {
  const annotations = { 'proxy.istio.io/config': '{"holdApplicationUntilProxyStarts": true}' };
  const result = injected(injectPod(pod({ annotations }), { namespace: 'default' }, config));
  assert.deepEqual(
    result.spec.containers.map((c) => c.name),
    ['istio-proxy', 'reviews'],
  );
});

const decisions: [string, Pod, string, 'injected' | 'skipped'][] = [
  ['a host-network pod is left alone', pod({}, { hostNetwork: true }), 'default', 'skipped'],
  ['kube-system is never injected', pod(), 'kube-system', 'skipped'],
  ['the label false wins', pod({ labels: { 'sidecar.istio.io/inject': 'false' } }), 'default', 'skipped'],
  [
    'the annotation false is heard',
    pod({ annotations: { 'sidecar.istio.io/inject': 'false' } }),
    'default',
    'skipped',
  ],
  [
    'the label beats the annotation',
    pod({
      labels: { 'sidecar.istio.io/inject': 'true' },
      annotations: { 'sidecar.istio.io/inject': 'false' },
    }),
    'default',
    'injected',
  ],
  [
    'other values fall back to the policy',
    pod({ labels: { 'sidecar.istio.io/inject': 'maybe' } }),
    'default',
    'injected',
  ],
  [
    'an injected pod is not injected again',
    pod({ annotations: { 'sidecar.istio.io/status': '{}' } }),
    'default',
    'skipped',
  ],
];

for (const [name, subject, namespace, expected] of decisions) {
  test(name, () => assert.equal(injectPod(subject, { namespace }, config).kind, expected));
}

test('neverInjectSelector beats alwaysInjectSelector, and empty selectors are ignored', () => {
  const selector = [{ matchLabels: { app: 'reviews' } }];
  const both = { ...config, neverInjectSelector: selector, alwaysInjectSelector: selector };
  assert.equal(injectPod(pod(), { namespace: 'default' }, both).kind, 'skipped');
  assert.equal(
    injectPod(pod(), { namespace: 'default' }, { ...config, neverInjectSelector: [{}] }).kind,
    'injected',
  );
});

const badAnnotations: [string, string, RegExp][] = [
  ['traffic.sidecar.istio.io/excludeInboundPorts', '80,http', /"http" is not a port/],
  ['traffic.sidecar.istio.io/includeOutboundIPRanges', '10.0.0.0', /"10.0.0.0" is not a CIDR/],
  ['status.sidecar.istio.io/port', 'x', /"x" is not a non-negative integer/],
  ['sidecar.istio.io/interceptionMode', 'TPROXY', /TPROXY is not supported/],
];

for (const [key, value, message] of badAnnotations) {
  test(`a malformed ${key} refuses the pod and names the annotation`, () => {
    const result = injectPod(pod({ annotations: { [key]: value } }), { namespace: 'default' }, config);
    assert.equal(result.kind, 'refused');
    assert.match((result as { message: string }).message, message);
    assert.ok((result as { message: string }).message.includes(key));
  });
}

test('replicas and offline injection share one proxy name', () => {
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'reviews-v1-5d5d57db85',
    controller: true,
  };
  const replica = (hash: string) =>
    injected(
      injectPod(
        pod({
          generateName: `reviews-v1-${hash}-`,
          labels: { app: 'reviews', version: 'v1', 'pod-template-hash': hash },
          ownerReferences: [{ ...owner, name: `reviews-v1-${hash}` }],
        }),
        { namespace: 'default' },
        config,
      ),
    ).metadata.annotations?.['lateen.dev/proxy'];
  const template = { metadata: { labels: { app: 'reviews', version: 'v1' } }, spec: pod().spec };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'reviews-v1' },
    spec: { template },
  };
  const offline = injectObject(deployment, 'default', config);
  assert.equal(offline.kind, 'injected');
  const offlineTemplate = ((offline as { object: { spec: unknown } }).object.spec as { template: Pod })
    .template;
  assert.match(replica('5d5d57db85') ?? '', /^reviews-v1-[0-9a-f]{8}$/);
  assert.equal(replica('5d5d57db85'), replica('796d4c54d7'));
  assert.equal(offlineTemplate.metadata.annotations?.['lateen.dev/proxy'], replica('5d5d57db85'));
});

test('HTTP probes go through the agent, with named ports resolved', () => {
  const probed = pod(
    {},
    {
      containers: [
        {
          name: 'app',
          ports: [{ containerPort: 8080, name: 'web' }],
          livenessProbe: { httpGet: { path: '/live', port: 'web' }, timeoutSeconds: 2 },
        },
      ],
    },
  );
  const result = injected(injectPod(probed, { namespace: 'default' }, config));
  assert.deepEqual(result.spec.containers[0]?.livenessProbe?.httpGet, {
    path: '/app-health/app/livez',
    port: 15020,
  });
  const env = result.spec.containers[1]?.env?.find((e) => e.name === 'ISTIO_KUBE_APP_PROBERS');
  assert.deepEqual(JSON.parse(env?.value ?? ''), {
    '/app-health/app/livez': { httpGet: { path: '/live', port: 8080 }, timeoutSeconds: 2 },
  });
});

test('a CronJob carries status, labels and annotations on its job template too', () => {
  const cron = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'report' },
    spec: {
      jobTemplate: { spec: { template: { metadata: {}, spec: { containers: [{ name: 'report' }] } } } },
    },
  };
  const result = injectObject(cron, 'default', config);
  assert.equal(result.kind, 'injected');
  const job = (
    (result as { object: { spec: unknown } }).object.spec as { jobTemplate: { metadata: Pod['metadata'] } }
  ).jobTemplate;
  assert.ok(job.metadata.annotations?.['sidecar.istio.io/status']);
});

test('proxyMetadata of the mesh becomes environment of the proxy', () => {
  const withMetadata = injectionConfig({
    ...inputs,
    meshConfig: { defaultConfig: { proxyMetadata: { ISTIO_META_DNS_CAPTURE: 'true' } } },
  });
  const result = injected(injectPod(pod(), { namespace: 'default' }, withMetadata));
  const env = result.spec.containers[1]?.env?.find((variable) => variable.name === 'ISTIO_META_DNS_CAPTURE');
  assert.equal(env?.value, 'true');
});

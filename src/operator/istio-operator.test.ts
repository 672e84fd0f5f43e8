import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { silentLogger } from '../base/log.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import type { Resource } from '../kube/client.ts';
import { ApiError } from '../kube/client.ts';
import { resources } from '../kube/resource.ts';
import { FakeKubeClient } from '../kube/testing/fake-kube-client.ts';
import type { JsonMap } from '../render/json.ts';
import { loadLibrary } from '../render/library.ts';
import { IstioOperator } from './istio-operator.ts';
import { leadOperator } from './lead-operator.ts';
import { finalizer, iopResource, ownedResources, ownerLabels } from './ownership.ts';
import { releaseWhenRemoved } from './release.ts';
import type { IopStatus } from './status.ts';

const library = loadLibrary();

class World {
  readonly client = new FakeKubeClient();
  readonly clock = new FakeClock();

  constructor() {
    this.client.served.push(iopResource);
  }

  start(t: TestContext): IstioOperator {
    const operator = new IstioOperator({
      client: this.client,
      clock: this.clock,
      logger: silentLogger,
      library,
    });
    t.after(() => operator.stop());
    void operator.start().catch(() => undefined);
    return operator;
  }

  create(spec: JsonMap, name = 'mesh'): KubeObject {
    return this.client.seed(iopResource, {
      apiVersion: 'install.istio.io/v1alpha1',
      kind: 'IstioOperator',
      metadata: { name, namespace: 'istio-system' },
      spec,
    });
  }

  edit(patch: object, name = 'mesh'): Promise<KubeObject> {
    return this.client.patch(iopResource, name, 'merge', patch, { namespace: 'istio-system' });
  }

  status(name = 'mesh'): IopStatus {
    return (this.client.peek(iopResource, name, 'istio-system')?.status ?? {}) as IopStatus;
  }

  names(resource: Resource): string[] {
    return this.client
      .all(resource)
      .map((object) => object.metadata.name)
      .sort();
  }

  /** Plays Deployment controller and control plane: everything becomes ready. */
  async makeReady(): Promise<void> {
    for (const { metadata } of this.client.all(resources.deployments)) {
      const { name, namespace, generation } = metadata;
      const status = {
        observedGeneration: generation,
        replicas: 1,
        updatedReplicas: 1,
        availableReplicas: 1,
      };
      await this.client.patch(
        resources.deployments,
        name,
        'merge',
        { status },
        { namespace: namespace as string, subresource: 'status' },
      );
    }
    for (const { metadata, webhooks } of this.client.all(resources.mutatingWebhooks) as (KubeObject & {
      webhooks: JsonMap[];
    })[]) {
      const filled = webhooks.map((webhook) => ({
        ...webhook,
        clientConfig: { ...(webhook['clientConfig'] as JsonMap), caBundle: 'Q0E=' },
      }));
      await this.client.patch(resources.mutatingWebhooks, metadata.name, 'merge', { webhooks: filled });
    }
    await this.clock.advance(10);
  }

  /** Creates an IstioOperator and waits until it is healthy. */
  async healthy(t: TestContext, spec: JsonMap): Promise<IstioOperator> {
    this.create(spec);
    const operator = this.start(t);
    await this.clock.advance(100);
    await this.makeReady();
    assert.equal(this.status().status, 'HEALTHY', this.status().message);
    this.client.calls.length = 0;
    return operator;
  }
}

const workloads = ['istio-egressgateway', 'istio-ingressgateway', 'istiod'];

test('a demo IstioOperator becomes control plane and gateways, RECONCILING first and HEALTHY when all is ready', async (t) => {
  const world = new World();
  world.create({ profile: 'demo' });
  world.start(t);
  await world.clock.advance(100);
  assert.deepEqual(world.names(resources.deployments), workloads);
  const before = world.status();
  assert.equal(before.status, 'RECONCILING');
  assert.match(before.message ?? '', /Deployment\/istio-system\/istiod: rollout not observed yet/);
  assert.deepEqual(
    before.conditions?.map((c) => `${c.type}=${c.status}`),
    ['Ready=Unknown', 'Reconciling=True', 'Stalled=False'],
  );
  const first = world.client.calls.findIndex((call) => call.verb === 'patch-status');
  assert.ok(
    first >= 0 && first < world.client.calls.findIndex((call) => call.verb === 'apply'),
    'status is written before any apply',
  );
  await world.makeReady();
  const after = world.status();
  assert.equal(after.status, 'HEALTHY');
  assert.equal(after.observedGeneration, 1);
  assert.deepEqual(Object.keys(after.componentStatus ?? {}), [
    'Base',
    'Pilot',
    'IngressGateways',
    'EgressGateways',
  ]);
  assert.deepEqual(
    after.conditions?.map((c) => `${c.type}=${c.status}`),
    ['Ready=True', 'Reconciling=False', 'Stalled=False'],
  );
});

test('an unchanged world costs no write', async (t) => {
  const world = new World();
  await world.healthy(t, { profile: 'demo' });
  await world.clock.advance(3_600_000);
  assert.deepEqual(
    world.client.calls.filter((call) => !['get', 'list', 'watch'].includes(call.verb)),
    [],
  );
});

test('a second pass applies only what differs', async (t) => {
  const world = new World();
  await world.healthy(t, { profile: 'demo' });
  await world.edit({ spec: { values: { global: { proxy: { logLevel: 'debug' } } } } });
  await world.clock.advance(100);
  const applied = world.client.calls.filter((call) => call.verb === 'apply').map((call) => call.key);
  assert.deepEqual(applied.sort(), [
    'istio-system/istio-egressgateway',
    'istio-system/istio-ingressgateway',
    'istio-system/istio-sidecar-injector',
  ]);
  assert.equal(world.status().status, 'RECONCILING');
  assert.equal(world.status().observedGeneration, 2);
  await world.makeReady();
  assert.equal(world.status().status, 'HEALTHY');
});

test('disabling a component prunes exactly it', async (t) => {
  const world = new World();
  await world.healthy(t, { profile: 'demo' });
  world.client.seed(resources.deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'mine',
      namespace: 'istio-system',
      labels: { app: 'istio-egressgateway', 'operator.istio.io/component': 'EgressGateways' },
    },
  });
  await world.edit({
    spec: { components: { egressGateways: [{ name: 'istio-egressgateway', enabled: false }] } },
  });
  await world.clock.advance(100);
  const deleted = world.client.calls
    .filter((call) => call.verb === 'delete')
    .map((call) => `${call.collection} ${call.key}`);
  assert.deepEqual(deleted, [
    'policy/v1/poddisruptionbudgets istio-system/istio-egressgateway',
    'apps/v1/deployments istio-system/istio-egressgateway',
    'v1/services istio-system/istio-egressgateway',
    'rbac.authorization.k8s.io/v1/rolebindings istio-system/istio-egressgateway-sds',
    'rbac.authorization.k8s.io/v1/roles istio-system/istio-egressgateway-sds',
    'v1/serviceaccounts istio-system/istio-egressgateway-service-account',
  ]);
  assert.deepEqual(world.names(resources.deployments), ['istio-ingressgateway', 'istiod', 'mine']);
  assert.equal(world.status().componentStatus?.['EgressGateways'], undefined);
});

test('a deleted and an edited object come back, and what others add stays', async (t) => {
  const world = new World();
  await world.healthy(t, { profile: 'demo' });
  await world.client.delete(resources.services, 'istiod', { namespace: 'istio-system' });
  await world.clock.advance(100);
  assert.ok(world.client.peek(resources.services, 'istiod', 'istio-system'));
  const patch = { metadata: { labels: { mine: 'yes' } }, spec: { type: 'NodePort' } };
  await world.client.patch(resources.services, 'istio-ingressgateway', 'merge', patch, {
    namespace: 'istio-system',
  });
  await world.clock.advance(100);
  const service = world.client.peek(resources.services, 'istio-ingressgateway', 'istio-system') as KubeObject;
  assert.equal((service.spec as { type: string }).type, 'LoadBalancer');
  assert.equal(service.metadata.labels?.['mine'], 'yes');
});

test('caBundle and a failurePolicy turned to Fail belong to the control plane', async (t) => {
  const world = new World();
  await world.healthy(t, { profile: 'demo' });
  const name = 'istio-validator-istio-system';
  const validator = () => {
    const object = world.client.peek(resources.validatingWebhooks, name) as KubeObject;
    return (object['webhooks'] as JsonMap[])[0] as JsonMap & { clientConfig: JsonMap };
  };
  const webhook = validator();
  const served = {
    ...webhook,
    failurePolicy: 'Fail',
    clientConfig: { ...webhook.clientConfig, caBundle: 'Q0E=' },
  };
  await world.client.patch(resources.validatingWebhooks, name, 'merge', { webhooks: [served] });
  await world.edit({ spec: { values: { pilot: { podLabels: { a: 'b' } } } } });
  await world.clock.advance(1000);
  assert.equal(validator()['failurePolicy'], 'Fail');
  assert.equal(validator().clientConfig['caBundle'], 'Q0E=');
});

test('an HPA owns the replicas of what it scales', async (t) => {
  const world = new World();
  await world.healthy(t, { profile: 'default' });
  assert.deepEqual(world.names(resources.horizontalPodAutoscalers), ['istio-ingressgateway', 'istiod']);
  const istiod = () =>
    world.client.peek(resources.deployments, 'istiod', 'istio-system')?.spec as { replicas?: number };
  assert.equal(istiod().replicas, undefined);
  await world.client.patch(
    resources.deployments,
    'istiod',
    'merge',
    { spec: { replicas: 3 } },
    { namespace: 'istio-system' },
  );
  await world.edit({ spec: { values: { pilot: { podLabels: { a: 'b' } } } } });
  await world.clock.advance(1000);
  assert.equal(istiod().replicas, 3);
});

const broken: [string, JsonMap, RegExp][] = [
  ['an unknown profile', { profile: 'dmeo' }, /there is no profile "dmeo"; did you mean demo\?/],
  [
    'an unknown component',
    { components: { pilott: { enabled: true } } },
    /spec\.components\.pilott: unknown field "pilott"; did you mean pilot\?/,
  ],
  [
    'a misspelt field',
    { componets: {} },
    /spec\.componets: unknown field "componets"; did you mean components\?/,
  ],
  [
    'a wrong type',
    { components: { pilot: { enabled: 'yes' } } },
    /spec\.components\.pilot\.enabled: must be true or false, not the text "yes"/,
  ],
  [
    'what is not supported yet',
    { profile: 'ambient' },
    /components\.ztunnel\.enabled: ambient mode is not supported yet/,
  ],
];

for (const [what, spec, message] of broken) {
  test(`${what} is reported, the last good state is kept and healed, and the cure applies`, async (t) => {
    const world = new World();
    await world.healthy(t, { profile: 'demo' });
    await world.edit({ spec });
    await world.clock.advance(1000);
    const status = world.status();
    assert.equal(status.status, 'ERROR');
    assert.match(status.message ?? '', message);
    assert.equal(status.conditions?.find((c) => c.type === 'Stalled')?.status, 'True');
    assert.deepEqual(world.names(resources.deployments), workloads);
    await world.client.delete(resources.deployments, 'istiod', { namespace: 'istio-system' });
    await world.clock.advance(1000);
    assert.deepEqual(world.names(resources.deployments), workloads);
    const cure = Object.fromEntries(Object.keys(spec).map((key) => [key, key === 'profile' ? 'demo' : null]));
    await world.edit({ spec: cure });
    await world.clock.advance(1000);
    await world.makeReady();
    assert.equal(world.status().status, 'HEALTHY');
    assert.ok(world.client.all(resources.events).some((event) => event['type'] === 'Warning'));
  });
}

test('deleting the IstioOperator removes all it made and nothing else', async (t) => {
  const world = new World();
  await world.healthy(t, { profile: 'demo' });
  world.client.seed(resources.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'mine', namespace: 'istio-system' },
  });
  world.client.seed(resources.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio-proxy-web', namespace: 'default', labels: { 'lateen.dev/proxy': 'web' } },
  });
  assert.deepEqual(world.client.peek(iopResource, 'mesh', 'istio-system')?.metadata.finalizers, [finalizer]);
  await world.client.delete(iopResource, 'mesh', { namespace: 'istio-system' });
  await world.clock.advance(1000);
  assert.equal(world.client.peek(iopResource, 'mesh', 'istio-system'), undefined);
  const left = ownedResources.flatMap((resource) =>
    world.client.all(resource).filter((object) => object.metadata.labels?.[ownerLabels.uid]),
  );
  assert.deepEqual(
    left.map((object) => object.metadata.name),
    [],
  );
  assert.ok(world.client.peek(resources.configMaps, 'mine', 'istio-system'));
  assert.equal(
    world.client.peek(resources.configMaps, 'istio-proxy-web', 'default'),
    undefined,
    'what istiod made goes too',
  );
  assert.ok(
    world.client.all(resources.customResourceDefinitions).length > 0,
    'CRDs hold what users wrote and stay',
  );
});

test('a removal that keeps failing ends after two minutes and names what is left', async (t) => {
  const world = new World();
  await world.healthy(t, { profile: 'minimal' });
  world.client.beforeCall = (call) => {
    if (call.verb === 'delete' && call.collection === 'apps/v1/deployments')
      throw new ApiError(403, 'Forbidden', 'no rights');
  };
  await world.client.delete(iopResource, 'mesh', { namespace: 'istio-system' });
  await world.clock.advance(500);
  await world.clock.advance(200_000);
  assert.equal(world.client.peek(iopResource, 'mesh', 'istio-system'), undefined);
  const event = world.client.all(resources.events).find((entry) => entry['reason'] === 'RemovalIncomplete');
  assert.match(String(event?.['message']), /left behind: Deployment\/istio-system\/istiod: no rights/);
});

test('an API that refuses or conflicts shows in the status and is retried until it works', async (t) => {
  const world = new World();
  world.client.beforeCall = (call) => {
    if (call.verb === 'apply' && call.collection === 'v1/services')
      throw new ApiError(403, 'Forbidden', 'services is forbidden');
  };
  world.create({ profile: 'minimal' });
  world.start(t);
  await world.clock.advance(100);
  assert.equal(world.status().status, 'ERROR');
  assert.match(world.status().message ?? '', /Service\/istio-system\/istiod: services is forbidden/);
  assert.equal(world.status().componentStatus?.['Pilot']?.status, 'ERROR');
  assert.deepEqual(
    world.names(resources.deployments),
    ['istiod'],
    'one failing object does not stop the others',
  );
  world.client.beforeCall = undefined;
  await world.clock.advance(2000);
  await world.makeReady();
  assert.equal(world.status().status, 'HEALTHY');
});

test('components that never get ready turn the status to ERROR with the pod’s reason, and back when they do', async (t) => {
  const world = new World();
  world.create({ profile: 'minimal' });
  world.client.seed(resources.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'istiod-1', namespace: 'istio-system', labels: { app: 'istiod', istio: 'pilot' } },
    status: {
      containerStatuses: [
        {
          name: 'discovery',
          state: { waiting: { reason: 'ErrImagePull', message: 'no local command for image x' } },
        },
      ],
    },
  });
  world.start(t);
  await world.clock.advance(10_000);
  assert.match(
    world.status().message ?? '',
    /istiod: .*container discovery: ErrImagePull \(no local command for image x\)/,
  );
  assert.equal(world.status().status, 'RECONCILING');
  await world.clock.advance(300_000);
  assert.equal(world.status().status, 'ERROR');
  assert.match(world.status().message ?? '', /resources not ready after 5m0s: /);
  await world.makeReady();
  assert.equal(world.status().status, 'HEALTHY');
});

test('a spec that changes while it is reconciled ends with the newest one', async (t) => {
  const world = new World();
  await world.healthy(t, { profile: 'demo' });
  let edited = false;
  world.client.beforeCall = (call) => {
    if (call.verb !== 'apply' || edited) return;
    edited = true;
    void world.edit({ spec: { values: { pilot: { podLabels: { step: 'two' } } } } });
  };
  await world.edit({ spec: { values: { pilot: { podLabels: { step: 'one' } } } } });
  await world.clock.advance(1000);
  await world.makeReady();
  assert.equal(world.status().observedGeneration, 3);
  assert.equal(world.status().status, 'HEALTHY');
  const istiod = world.client.peek(resources.deployments, 'istiod', 'istio-system') as KubeObject;
  const { template } = istiod.spec as { template: KubeObject };
  assert.equal(template.metadata.labels?.['step'], 'two');
});

test('ignoreReconcile leaves an IstioOperator alone', async (t) => {
  const world = new World();
  const iop = world.create({ profile: 'demo' });
  await world.edit({ metadata: { annotations: { 'install.istio.io/ignoreReconcile': 'true' } } });
  world.start(t);
  await world.clock.advance(1000);
  assert.equal(world.status().status, undefined);
  assert.deepEqual(world.names(resources.deployments), []);
  assert.ok(iop);
});

test('a second IstioOperator that renders the same objects is refused', async (t) => {
  const world = new World();
  await world.healthy(t, { profile: 'minimal' });
  world.create({ profile: 'minimal' }, 'other');
  await world.clock.advance(1000);
  assert.equal(world.status('other').status, 'ERROR');
  assert.match(world.status('other').message ?? '', /belongs to IstioOperator istio-system\/mesh/);
  assert.equal(world.status('mesh').status, 'HEALTHY');
});

test('of two replicas one works; when it dies the other carries on', async (t) => {
  const world = new World();
  world.create({ profile: 'minimal' });
  const replica = (identity: string) => {
    const stop = new AbortController();
    t.after(() => stop.abort());
    const options = {
      client: world.client,
      clock: world.clock,
      logger: silentLogger,
      library,
      namespace: 'istio-operator',
      identity,
    };
    void leadOperator(options, stop.signal);
    return stop;
  };
  const first = replica('a');
  replica('b');
  await world.clock.advance(3000);
  const holder = () => {
    const lease = world.client.peek(resources.leases, 'istio-operator-lock', 'istio-operator') as KubeObject;
    return (lease.spec as { holderIdentity: string }).holderIdentity;
  };
  assert.equal(holder(), 'a');
  assert.equal(
    world.client.calls.filter(
      (call) => call.verb === 'list' && call.collection.startsWith('install.istio.io'),
    ).length,
    1,
  );
  first.abort();
  await world.clock.advance(100);
  await world.edit({ spec: { profile: 'demo' } });
  await world.clock.advance(20_000);
  assert.equal(holder(), 'b');
  assert.deepEqual(world.names(resources.deployments), workloads);
});

test('an operator that is being removed releases its finalizers; one that restarts does not', async (t) => {
  const world = new World();
  const operator = await world.healthy(t, { profile: 'minimal' });
  operator.stop();
  const finalizers = () => world.client.peek(iopResource, 'mesh', 'istio-system')?.metadata.finalizers ?? [];
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-operator' } };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'istio-operator', namespace: 'istio-operator' },
  };
  world.client.seed(resources.namespaces, namespace);
  world.client.seed(resources.deployments, deployment);
  await releaseWhenRemoved(world.client, 'istio-operator', silentLogger);
  assert.deepEqual(finalizers(), [finalizer]);
  await world.client.delete(resources.deployments, 'istio-operator', { namespace: 'istio-operator' });
  await releaseWhenRemoved(world.client, 'istio-operator', silentLogger);
  assert.deepEqual(finalizers(), []);
});

test('settings without effect are named in the status of a healthy installation', async (t) => {
  const world = new World();
  await world.healthy(t, { profile: 'minimal', values: { global: { jwtPolicy: 'third-party-jwt' } } });
  assert.equal(world.status().message, 'spec.values.global.jwtPolicy: is accepted but has no effect yet');
});

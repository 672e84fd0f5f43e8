import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { holdProcess, sleep, systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { applyObject } from '../kube/apply-object.ts';
import type { KubeClient, Resource } from '../kube/client.ts';
import { ApiError } from '../kube/client.ts';
import { keyOf, resources } from '../kube/resource.ts';
import { isNotFound } from '../kube/status-error.ts';
import type { JsonMap } from '../render/json.ts';
import { loadLibrary } from '../render/library.ts';
import { leadOperator } from './lead-operator.ts';
import { listOwned } from './owned-objects.ts';
import { finalizer, iopResource } from './ownership.ts';
import type { IopStatus } from './status.ts';
import { playControllers } from './testing/play-controllers.ts';

/** A cluster to test against: an API server is enough, `playControllers` does what nobody else does there. */
export interface ContractCluster {
  readonly client: KubeClient;
  /** True when nobody empties deleted namespaces: a kube-apiserver without its controller manager. */
  readonly bare: boolean;
  close(): Promise<void>;
}

const library = loadLibrary();
const namespace = 'istio-system';
const name = 'contract';
const limitMs = 15_000;

/** Asks until the probe gives something; the last failure explains a timeout. */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T> {
  const hold = holdProcess();
  const deadline = systemClock.monotonic() + limitMs;
  let last: unknown;
  try {
    for (;;) {
      const value = await probe().catch((failure: unknown) => {
        last = failure;
        return undefined;
      });
      if (value !== undefined && value !== false) return value as T;
      if (systemClock.monotonic() > deadline)
        throw new Error(`not within ${limitMs / 1000} s: ${what} (${String(last)})`);
      await sleep(systemClock, 25);
    }
  } finally {
    hold.cancel();
  }
}

/** What a user does to one IstioOperator, and replicas to test. */
export class Harness {
  readonly client: KubeClient;

  constructor(client: KubeClient) {
    this.client = client;
  }

  async prepare(): Promise<void> {
    const crd = library.crds.find(
      (entry) => entry.metadata.name === 'istiooperators.install.istio.io',
    ) as KubeObject;
    await applyObject(this.client, resources.customResourceDefinitions, crd, { fieldManager: 'contract' });
    for (const ns of [namespace, 'istio-operator']) {
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns } };
      await applyObject(this.client, resources.namespaces, object, { fieldManager: 'contract' });
    }
    await eventually(
      'IstioOperator is served',
      async () => (await this.client.list(iopResource)) !== undefined,
    );
  }

  /** Starts one replica; the returned controller stops it. A client that fails stands for a replica that was killed. */
  replica(t: TestContext, identity: string, client = this.client): AbortController {
    const stop = new AbortController();
    const running = leadOperator(
      {
        client,
        logger: silentLogger,
        library,
        namespace: 'istio-operator',
        identity,
        leaseDurationMs: 3000,
        renewDeadlineMs: 2000,
        retryMs: 200,
      },
      stop.signal,
    );
    t.after(async () => {
      stop.abort();
      await running;
    });
    return stop;
  }

  create(spec: JsonMap): Promise<KubeObject> {
    const object = {
      apiVersion: 'install.istio.io/v1alpha1',
      kind: 'IstioOperator',
      metadata: { name, namespace },
      spec,
    };
    return this.client.create(iopResource, object);
  }

  edit(spec: object): Promise<KubeObject> {
    return this.client.patch(iopResource, name, 'merge', { spec }, { namespace });
  }

  async status(): Promise<IopStatus & { generation: number }> {
    const iop = await this.client.get(iopResource, name, namespace);
    return { ...((iop.status ?? {}) as IopStatus), generation: iop.metadata.generation ?? 0 };
  }

  healthy(): Promise<IopStatus> {
    return eventually('HEALTHY', async () => {
      const status = await this.status();
      if (status.status !== 'HEALTHY' || status.observedGeneration !== status.generation)
        throw new Error(`${status.status} ${status.message}`);
      return status;
    });
  }

  get(resource: Resource, objectName: string, ns?: string): Promise<KubeObject | undefined> {
    return this.client.get(resource, objectName, ns).catch((failure: unknown) => {
      if (isNotFound(failure)) return undefined;
      throw failure;
    });
  }

  async remove(): Promise<void> {
    await this.client.delete(iopResource, name, { namespace }).catch((failure: unknown) => {
      if (!isNotFound(failure)) throw failure;
    });
    await eventually(
      'the IstioOperator is gone',
      async () => (await this.get(iopResource, name, namespace)) === undefined,
    );
  }
}

/** What the operator promises on any API server with Kubernetes' semantics. */
export function operatorContract(cluster: string, open: () => Promise<ContractCluster>): void {
  test(`the operator on ${cluster}`, async (t) => {
    const { client, bare, close } = await open();
    t.after(close);
    const harness = new Harness(client);
    await harness.prepare();
    await harness.remove();
    const controllers = new AbortController();
    const playing = playControllers(client, controllers.signal, { namespaces: bare });
    t.after(async () => {
      controllers.abort();
      await playing;
    });
    harness.replica(t, 'first');
    await convergence(t, harness);
    await changes(t, harness);
    await failover(t, harness);
  });
}

async function convergence(t: TestContext, harness: Harness): Promise<void> {
  const { client } = harness;
  await t.test(
    'an IstioOperator becomes HEALTHY, with a finalizer and a status for each component',
    async () => {
      await harness.create({ profile: 'demo' });
      await eventually('RECONCILING', async () => (await harness.status()).status !== undefined);
      const status = await harness.healthy();
      assert.deepEqual(Object.keys(status.componentStatus ?? {}).sort(), [
        'Base',
        'EgressGateways',
        'IngressGateways',
        'Pilot',
      ]);
      assert.deepEqual((await client.get(iopResource, name, namespace)).metadata.finalizers, [finalizer]);
    },
  );

  await t.test('an edit reads RECONCILING within a second and converges', async () => {
    const seen: string[] = [];
    const edited = await harness.edit({ values: { pilot: { podLabels: { step: 'edit' } } } });
    const started = systemClock.monotonic();
    await eventually('the new generation is observed', async () => {
      const status = await harness.status();
      seen.push(status.status ?? '');
      return status.observedGeneration === edited.metadata.generation;
    });
    assert.ok(
      systemClock.monotonic() - started < 1000,
      `${Math.round(systemClock.monotonic() - started)} ms`,
    );
    await harness.healthy();
    const istiod = (await client.get(resources.deployments, 'istiod', namespace)).spec as {
      template: KubeObject;
    };
    assert.equal(istiod.template.metadata.labels?.['step'], 'edit');
  });

  await t.test('deleted and edited objects come back; foreign fields stay', async () => {
    await client.delete(resources.configMaps, 'istio', { namespace });
    await client.delete(resources.clusterRoles, 'istiod-clusterrole-istio-system');
    await client.patch(
      resources.services,
      'istio-ingressgateway',
      'merge',
      { spec: { type: 'ClusterIP' } },
      { namespace },
    );
    const theirs = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'istiod', namespace, labels: { app: 'stolen', theirs: 'yes' } },
    };
    await client.apply(resources.services, theirs, { fieldManager: 'somebody-else', force: true });
    await eventually('ConfigMap istio', () => harness.get(resources.configMaps, 'istio', namespace));
    await eventually('the ClusterRole', () =>
      harness.get(resources.clusterRoles, 'istiod-clusterrole-istio-system'),
    );
    await eventually('the Service type', async () => {
      const service = await client.get(resources.services, 'istio-ingressgateway', namespace);
      return (service.spec as { type: string }).type === 'LoadBalancer';
    });
    await eventually('the Service label', async () => {
      const { labels = {} } = (await client.get(resources.services, 'istiod', namespace)).metadata;
      return labels['app'] === 'istiod' && labels['theirs'] === 'yes';
    });
    await harness.healthy();
  });

  await t.test('an unchanged world is not written to', async () => {
    const uid = (await client.get(iopResource, name, namespace)).metadata.uid as string;
    const versions = async () => {
      const objects = [
        await client.get(iopResource, name, namespace),
        ...(await listOwned(client, uid)).map(({ object }) => object),
      ];
      return objects.map((object) => `${object.kind}/${keyOf(object)} ${object.metadata.resourceVersion}`);
    };
    await sleepHolding(500);
    const before = await versions();
    await sleepHolding(1500);
    assert.deepEqual(await versions(), before);
  });
}

async function changes(t: TestContext, harness: Harness): Promise<void> {
  const { client } = harness;
  await t.test('an HPA takes the replicas over', async () => {
    await harness.edit({ values: { pilot: { autoscaleEnabled: true, podLabels: null } } });
    await eventually('the HPA', () => harness.get(resources.horizontalPodAutoscalers, 'istiod', namespace));
    await harness.healthy();
    await client.patch(resources.deployments, 'istiod', 'merge', { spec: { replicas: 3 } }, { namespace });
    await harness.edit({ values: { pilot: { podAnnotations: { a: 'b' } } } });
    await harness.healthy();
    assert.equal(
      ((await client.get(resources.deployments, 'istiod', namespace)).spec as { replicas: number }).replicas,
      3,
    );
  });

  await t.test('a disabled component is pruned and nothing else', async () => {
    const uid = (await client.get(iopResource, name, namespace)).metadata.uid as string;
    const titles = async () =>
      (await listOwned(client, uid)).map(({ object }) => `${object.kind}/${keyOf(object)}`).sort();
    const before = await titles();
    await harness.edit({ components: { egressGateways: [{ name: 'istio-egressgateway', enabled: false }] } });
    await eventually(
      'the egress gateway is gone',
      async () => (await harness.get(resources.deployments, 'istio-egressgateway', namespace)) === undefined,
    );
    await harness.healthy();
    assert.deepEqual(
      await titles(),
      before.filter((title) => !title.includes('egress')),
    );
  });

  await t.test('a broken spec is reported and the last good state stays', async () => {
    await harness.edit({ profile: 'no-such-profile' });
    await eventually('ERROR', async () => (await harness.status()).status === 'ERROR');
    assert.match((await harness.status()).message ?? '', /there is no profile "no-such-profile"/);
    assert.ok(await harness.get(resources.deployments, 'istiod', namespace));
    await harness.edit({ profile: 'demo' });
    await harness.healthy();
  });
}

async function failover(t: TestContext, harness: Harness): Promise<void> {
  const { client } = harness;
  await t.test('when the leader dies without a word another takes over', async (t) => {
    const holder = async () =>
      (
        (await client.get(resources.leases, 'istio-operator-lock', 'istio-operator')).spec as {
          holderIdentity: string;
        }
      ).holderIdentity;
    assert.equal(await holder(), 'first');
    const lease = await client.get(resources.leases, 'istio-operator-lock', 'istio-operator');
    // What a killed leader leaves: a lease that nobody renews. The first replica finds it taken and steps down.
    await client.replace(resources.leases, {
      ...lease,
      spec: { ...(lease.spec as object), holderIdentity: 'killed' },
    });
    harness.replica(t, 'second');
    const leader = await eventually('a new leader', async () => {
      const now = await holder();
      return now !== 'killed' && now !== '' ? now : undefined;
    });
    assert.ok(['first', 'second'].includes(leader));
    await client.delete(resources.deployments, 'istiod', { namespace });
    await eventually('the new leader heals', () => harness.get(resources.deployments, 'istiod', namespace));
    await harness.healthy();
  });

  await t.test('deleting the IstioOperator removes all it made', async () => {
    const uid = (await client.get(iopResource, name, namespace)).metadata.uid as string;
    await harness.remove();
    await eventually('everything is gone', async () => {
      const left = (await listOwned(client, uid)).filter(
        ({ object }) => object.metadata.deletionTimestamp === undefined,
      );
      if (left.length > 0)
        throw new ApiError(0, 'Left', left.map(({ object }) => `${object.kind}/${keyOf(object)}`).join(', '));
      return true;
    });
  });
}

async function sleepHolding(ms: number): Promise<void> {
  const hold = holdProcess();
  await sleep(systemClock, ms);
  hold.cancel();
}

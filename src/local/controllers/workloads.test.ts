import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../../base/log.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import type { ApiObject } from '../api/object.ts';
import { EventRecorder } from '../event-recorder.ts';
import { AddressPool } from '../network/address-plan.ts';
import type { Pod } from '../node/pod-spec.ts';
import { coreResources } from '../resources.ts';
import { MemoryApi } from '../testing/memory-api.ts';
import { runControllers } from './run-controllers.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

/** A cluster without a node agent: tests play kubelet. */
class World {
  readonly memory = new MemoryApi();
  readonly clock = new FakeClock(start);
  readonly #end = new AbortController();

  constructor() {
    const { clock, memory } = this;
    const { api, client } = memory;
    const events = new EventRecorder({ client, clock, log: silentLogger, component: 'test' });
    memory.create(coreResources.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: {} });
    const pool = new AddressPool('10.244', { from: 255, to: 255 });
    runControllers({ api, client, clock, log: silentLogger, events, nodeName: 'n' }, pool, this.#end.signal);
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 30; i++) await this.clock.advance(0);
    await this.clock.advance(50);
    for (let i = 0; i < 30; i++) await this.clock.advance(0);
  }

  pods(): Pod[] {
    return this.memory.all(coreResources.pods) as Pod[];
  }

  /** Every scheduled pod comes up, or ends with the phase given. */
  async kubelet(phase = 'Running', only: (pod: Pod) => boolean = () => true): Promise<void> {
    for (const pod of this.pods().filter((p) => p.spec.nodeName && p.status?.phase !== phase && only(p))) {
      const at = new Date(this.clock.now()).toISOString();
      const ready = { type: 'Ready', status: phase === 'Running' ? 'True' : 'False', lastTransitionTime: at };
      const status = { phase, podIP: `10.244.1.${this.pods().indexOf(pod) + 1}`, conditions: [ready] };
      this.memory.patch(coreResources.pods, pod.metadata.name, { status }, 'd');
    }
    await this.settle();
  }

  object(resource: keyof typeof coreResources, name: string): ApiObject {
    return this.memory
      .all(coreResources[resource])
      .find(({ metadata }) => metadata.name === name) as ApiObject;
  }

  status(resource: keyof typeof coreResources, name: string): Record<string, unknown> {
    return (this.object(resource, name)?.status ?? {}) as Record<string, unknown>;
  }

  condition(resource: keyof typeof coreResources, name: string, type: string): string | undefined {
    const list = (this.status(resource, name)['conditions'] ?? []) as {
      type: string;
      status: string;
      reason: string;
    }[];
    const found = list.find((condition) => condition.type === type);
    return found && `${found.status} ${found.reason}`;
  }

  end(): void {
    this.#end.abort();
  }
}

const template = (image: string) => ({
  metadata: { labels: { app: 'a' } },
  spec: { containers: [{ name: 'c', image, ports: [{ name: 'web', containerPort: 8080 }] }] },
});

function deployment(image: string, spec: object = {}): ApiObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a', namespace: 'd' },
    spec: { replicas: 4, selector: { matchLabels: { app: 'a' } }, template: template(image), ...spec },
  };
}

function world(run: (w: World) => Promise<void>): () => Promise<void> {
  return async () => {
    const w = new World();
    try {
      await run(w);
    } finally {
      w.end();
    }
  };
}

test(
  'a Deployment comes up and says so',
  world(async (w) => {
    w.memory.create(coreResources.deployments, deployment('one'));
    await w.settle();
    assert.equal(w.pods().length, 4);
    assert.equal(w.condition('deployments', 'a', 'Progressing'), 'True ReplicaSetUpdated');
    await w.kubelet();
    assert.equal(w.status('deployments', 'a')['availableReplicas'], 4);
    assert.equal(w.condition('deployments', 'a', 'Available'), 'True MinimumReplicasAvailable');
    assert.equal(w.condition('deployments', 'a', 'Progressing'), 'True NewReplicaSetAvailable');
    assert.equal(
      w.object('deployments', 'a').metadata.annotations?.['deployment.kubernetes.io/revision'],
      '1',
    );
  }),
);

test(
  'a rollout never goes below three of four nor above five, and keeps its history',
  world(async (w) => {
    w.memory.create(coreResources.deployments, deployment('one'));
    await w.settle();
    await w.kubelet();
    w.memory.patch(coreResources.deployments, 'a', { spec: { template: template('two') } }, 'd');
    for (let round = 0; round < 12; round++) {
      await w.settle();
      const ready = w.pods().filter((pod) => pod.status?.phase === 'Running').length;
      assert.ok(ready >= 3, `only ${ready} ready in round ${round}`);
      assert.ok(w.pods().length <= 5, `${w.pods().length} pods in round ${round}`);
      const waiting = w.pods().find((pod) => pod.status?.phase !== 'Running');
      if (waiting) await w.kubelet('Running', (pod) => pod === waiting);
    }
    assert.deepEqual([...new Set(w.pods().map((pod) => pod.spec.containers[0]?.image))], ['two']);
    assert.equal(w.condition('deployments', 'a', 'Progressing'), 'True NewReplicaSetAvailable');
    assert.equal(w.memory.all(coreResources.replicaSets).length, 2);
    assert.equal(
      w.object('deployments', 'a').metadata.annotations?.['deployment.kubernetes.io/revision'],
      '2',
    );
  }),
);

test(
  'going back to an old template takes up its ReplicaSet again, with a new revision',
  world(async (w) => {
    w.memory.create(coreResources.deployments, deployment('one', { replicas: 1 }));
    await w.settle();
    await w.kubelet();
    for (const image of ['two', 'one']) {
      w.memory.patch(coreResources.deployments, 'a', { spec: { template: template(image) } }, 'd');
      for (let i = 0; i < 4; i++) {
        await w.settle();
        await w.kubelet();
      }
    }
    assert.equal(w.memory.all(coreResources.replicaSets).length, 2);
    assert.equal(
      w.object('deployments', 'a').metadata.annotations?.['deployment.kubernetes.io/revision'],
      '3',
    );
  }),
);

test(
  'a rollout without progress passes its deadline',
  world(async (w) => {
    w.memory.create(coreResources.deployments, deployment('one', { progressDeadlineSeconds: 60 }));
    await w.settle();
    await w.clock.advance(62_000);
    await w.settle();
    assert.equal(w.condition('deployments', 'a', 'Progressing'), 'False ProgressDeadlineExceeded');
  }),
);

test(
  'an unchanged world writes nothing',
  world(async (w) => {
    w.memory.create(coreResources.deployments, deployment('one'));
    await w.settle();
    await w.kubelet();
    const before = w.memory.writes.length;
    await w.clock.advance(60_000);
    await w.settle();
    assert.equal(w.memory.writes.length, before);
  }),
);

test(
  'a deleted pod is replaced and surplus pods go, unready ones first',
  world(async (w) => {
    w.memory.create(coreResources.deployments, deployment('one'));
    await w.settle();
    await w.kubelet();
    w.memory.remove(coreResources.pods, w.pods()[0]?.metadata.name ?? '', 'd');
    await w.settle();
    assert.equal(w.pods().length, 4);
    const unready = w.pods().find((pod) => pod.status?.phase !== 'Running')?.metadata.name;
    w.memory.patch(coreResources.deployments, 'a', { spec: { replicas: 3 } }, 'd');
    await w.settle();
    assert.equal(
      w.pods().some(({ metadata }) => metadata.name === unready),
      false,
    );
  }),
);

test(
  'a StatefulSet starts its pods one after the other, with names and claims of their own',
  world(async (w) => {
    w.memory.create(coreResources.statefulSets, {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 's', namespace: 'd' },
      spec: {
        replicas: 2,
        serviceName: 'db',
        selector: { matchLabels: { app: 'a' } },
        template: template('one'),
        volumeClaimTemplates: [
          { metadata: { name: 'data' }, spec: { resources: { requests: { storage: '1Gi' } } } },
        ],
      },
    });
    await w.settle();
    assert.deepEqual(
      w.pods().map(({ metadata }) => metadata.name),
      ['s-0'],
    );
    await w.kubelet();
    assert.deepEqual(
      w.pods().map(({ metadata }) => metadata.name),
      ['s-0', 's-1'],
    );
    assert.equal(w.pods()[1]?.spec.volumes?.[0]?.persistentVolumeClaim?.claimName, 'data-s-1');
    assert.equal(w.status('persistentVolumeClaims', 'data-s-1')['phase'], 'Bound');
    await w.kubelet();
    assert.equal(w.status('statefulSets', 's')['readyReplicas'], 2);
  }),
);

test(
  'a DaemonSet runs one pod and replaces it when its template changes',
  world(async (w) => {
    const spec = { selector: { matchLabels: { app: 'a' } }, template: template('one') };
    const metadata = { name: 'ds', namespace: 'd' };
    w.memory.create(coreResources.daemonSets, { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec });
    await w.settle();
    await w.kubelet();
    assert.equal(w.status('daemonSets', 'ds')['numberReady'], 1);
    w.memory.patch(coreResources.daemonSets, 'ds', { spec: { template: template('two') } }, 'd');
    await w.settle();
    assert.deepEqual(
      w.pods().map((pod) => pod.spec.containers[0]?.image),
      ['two'],
    );
  }),
);

function job(spec: object): ApiObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j', namespace: 'd' },
    spec: { template: template('one'), ...spec },
  };
}

test(
  'a Job completes when enough pods succeeded',
  world(async (w) => {
    w.memory.create(coreResources.jobs, job({ completions: 2, parallelism: 1, backoffLimit: 0 }));
    await w.settle();
    assert.equal(w.pods().length, 1);
    await w.kubelet('Succeeded');
    await w.kubelet('Succeeded');
    assert.equal(w.status('jobs', 'j')['succeeded'], 2);
    assert.equal(w.condition('jobs', 'j', 'Complete'), 'True CompletionsReached');
  }),
);

test(
  'a Job that fails too often is Failed, and a finished one goes after its time',
  world(async (w) => {
    w.memory.create(
      coreResources.jobs,
      job({ completions: 1, backoffLimit: 0, ttlSecondsAfterFinished: 30 }),
    );
    await w.settle();
    await w.kubelet('Failed');
    assert.equal(w.condition('jobs', 'j', 'Failed'), 'True BackoffLimitExceeded');
    await w.clock.advance(31_000);
    await w.settle();
    assert.equal(w.object('jobs', 'j'), undefined);
  }),
);

test(
  'a CronJob starts a Job each time its minute comes, and keeps three of them',
  world(async (w) => {
    w.memory.create(coreResources.cronJobs, {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'c', namespace: 'd', creationTimestamp: new Date(start).toISOString() },
      spec: {
        schedule: '* * * * *',
        jobTemplate: { spec: { completions: 1, parallelism: 1, template: template('one') } },
      },
    });
    for (let minute = 0; minute < 6; minute++) {
      await w.clock.advance(60_000);
      await w.settle();
      await w.kubelet('Succeeded');
    }
    const names = w.memory.all(coreResources.jobs).map(({ metadata }) => metadata.name);
    assert.ok(names.length >= 3 && names.length <= 4, names.join(' '));
  }),
);

const service = (spec: object): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'svc', namespace: 'd', uid: 'svc-1' },
  spec: {
    clusterIP: '10.96.1.1',
    selector: { app: 'a' },
    ports: [{ name: 'http', port: 80, targetPort: 'web' }],
    ...spec,
  },
});

test(
  'an EndpointSlice follows readiness, resolves named ports and marks what terminates',
  world(async (w) => {
    w.memory.create(coreResources.services, service({}));
    w.memory.create(coreResources.deployments, deployment('one', { replicas: 2 }));
    await w.settle();
    await w.kubelet();
    const slice = () => w.memory.all(coreResources.endpointSlices)[0] as ApiObject;
    const endpoints = () => slice()['endpoints'] as { conditions: Record<string, boolean> }[];
    assert.deepEqual(slice()['ports'], [{ name: 'http', port: 8080, protocol: 'TCP' }]);
    assert.deepEqual(
      endpoints().map(({ conditions }) => conditions['ready']),
      [true, true],
    );
    const first = w.pods()[0]?.metadata.name ?? '';
    w.memory.patch(coreResources.pods, first, { metadata: { deletionTimestamp: 'now' } }, 'd');
    await w.settle();
    assert.deepEqual(endpoints()[0]?.conditions, { ready: false, serving: true, terminating: true });
  }),
);

test(
  'a LoadBalancer service gets an address and gives it back',
  world(async (w) => {
    w.memory.create(coreResources.services, service({ type: 'LoadBalancer' }));
    await w.settle();
    assert.deepEqual(w.status('services', 'svc')['loadBalancer'], {
      ingress: [{ ip: '10.244.255.1', ipMode: 'VIP' }],
    });
    w.memory.patch(coreResources.services, 'svc', { spec: { type: 'ClusterIP' } }, 'd');
    await w.settle();
    assert.deepEqual(w.status('services', 'svc')['loadBalancer'], {});
  }),
);

test(
  'a pod that fits no node is told why, and is bound once it may be',
  world(async (w) => {
    w.memory.create(coreResources.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'd' },
      spec: { nodeSelector: { disk: 'ssd' }, containers: [] },
    });
    await w.settle();
    assert.equal(w.condition('pods', 'p', 'PodScheduled'), 'False Unschedulable');
    w.memory.patch(coreResources.nodes, 'n', { metadata: { labels: { disk: 'ssd' } } });
    await w.clock.advance(5100);
    await w.settle();
    assert.equal(w.pods()[0]?.spec.nodeName, 'n');
  }),
);

test(
  'an autoscaler keeps its target within bounds and says that there are no metrics',
  world(async (w) => {
    w.memory.create(coreResources.deployments, deployment('one', { replicas: 1 }));
    w.memory.create(coreResources.horizontalPodAutoscalers, {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h', namespace: 'd' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' },
        minReplicas: 2,
        maxReplicas: 5,
      },
    });
    await w.settle();
    assert.equal((w.object('deployments', 'a').spec as { replicas: number }).replicas, 2);
    assert.equal(
      w.condition('horizontalPodAutoscalers', 'h', 'ScalingActive'),
      'False FailedGetResourceMetric',
    );
  }),
);

test(
  'a disruption budget counts healthy pods',
  world(async (w) => {
    w.memory.create(coreResources.deployments, deployment('one'));
    w.memory.create(coreResources.podDisruptionBudgets, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b', namespace: 'd' },
      spec: { minAvailable: 3, selector: { matchLabels: { app: 'a' } } },
    });
    await w.settle();
    assert.equal(w.status('podDisruptionBudgets', 'b')['disruptionsAllowed'], 0);
    await w.kubelet();
    assert.equal(w.status('podDisruptionBudgets', 'b')['disruptionsAllowed'], 1);
  }),
);

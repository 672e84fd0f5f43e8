import assert from 'node:assert/strict';
import { join } from 'node:path';
import { root, type Shell } from '../cluster/cluster.ts';
import { eventually, type Result } from '../cluster/run.ts';
import { Traffic } from './traffic.ts';

export const istioSystem = 'istio-system';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

export interface Thing {
  readonly metadata: { name: string; uid: string; generation: number; resourceVersion: string };
  readonly spec?: { replicas?: number };
  readonly data?: Record<string, string>;
  readonly binaryData?: Record<string, string>;
  readonly status?: {
    status?: string;
    message?: string;
    observedGeneration?: number;
    conditions?: Condition[];
  };
}

/** What every case starts from: a mesh made by the operator, bookinfo with sidecars, reviews at v1. */
export class Fixture {
  readonly shell: Shell;
  page = '';

  constructor(shell: Shell) {
    this.shell = shell;
  }

  async setUp(): Promise<void> {
    await this.shell.istioctl('operator', 'init');
    await this.apply(meshOperator({ profile: 'demo' }));
    await this.healthy();
    await this.shell.kubectl('label', 'namespace', 'default', 'istio-injection=enabled');
    await this.sample('platform/kube/bookinfo.yaml');
    await this.shell.kubectl('wait', '--for=condition=Available', 'deployment', '--all', '--timeout=120s');
    await this.sample('networking/bookinfo-gateway.yaml');
    await this.sample('networking/destination-rule-all.yaml');
    await this.sample('networking/virtual-service-all-v1.yaml');
    const origin = await this.shell.serviceUrl(istioSystem, 'istio-ingressgateway', 'http2');
    this.page = `${origin}/productpage`;
    await this.serves('v1');
  }

  sample(file: string): Promise<string> {
    return this.shell.kubectl('apply', '-f', join(root, 'samples/bookinfo', file));
  }

  apply(...objects: object[]): Promise<string> {
    return this.shell.kubectlInput(list(objects), 'apply', '-f', '-');
  }

  /** `kubectl apply` that must fail; what kubectl said. */
  async refused(object: object): Promise<string> {
    const result = await this.tryApply(object);
    assert.notEqual(result.code, 0, `accepted: ${result.stdout}`);
    return result.stderr;
  }

  tryApply(object: object): Promise<Result> {
    return this.shell.run(['kubectl', 'apply', '-f', '-'], { input: list([object]) });
  }

  async get(kind: string, name: string, namespace: string): Promise<Thing> {
    return JSON.parse(await this.shell.kubectl('get', kind, name, '-n', namespace, '-o', 'json'));
  }

  /** Names of the objects a selector finds. */
  async names(kind: string, namespace: string, selector: string): Promise<string[]> {
    const output = await this.shell.kubectl('get', kind, '-n', namespace, '-l', selector, '-o', 'name');
    return output.trim().split('\n').filter(Boolean);
  }

  /** Waits until the mesh's IstioOperator is HEALTHY at its present generation. */
  healthy(): Promise<void> {
    return this.until('the mesh is healthy', 'istiooperator', 'mesh', istioSystem, ({ metadata, status }) =>
      Boolean(status?.status === 'HEALTHY' && status.observedGeneration === metadata.generation),
    ).then(() => undefined);
  }

  /** Waits until an object is as `accept` wants it; a timeout shows its status. */
  until(
    what: string,
    kind: string,
    name: string,
    namespace: string,
    accept: (found: Thing) => boolean,
  ): Promise<Thing> {
    return eventually(what, 40_000, async () => {
      const found = await this.get(kind, name, namespace);
      if (accept(found)) return found;
      throw new Error(JSON.stringify(found.status));
    });
  }

  /** Waits until a mesh object's condition says `reason` of its present generation; its message. */
  async reconciled(kind: string, name: string, reason: string): Promise<Condition> {
    const condition = ({ metadata, status }: Thing) =>
      status?.conditions?.find(
        (one) =>
          one.type === 'Reconciled' &&
          one.reason === reason &&
          one.observedGeneration === metadata.generation,
      );
    const accept = (found: Thing) => condition(found) !== undefined;
    const found = await this.until(`${kind} ${name} says ${reason}`, kind, name, 'default', accept);
    return condition(found) as Condition;
  }

  /** Waits until productpage shows this version of reviews, ten times in a row. */
  serves(version: 'v1' | 'v2' | 'v3'): Promise<void> {
    return eventually(`reviews ${version} is served`, 30_000, async () => {
      const bodies = await this.shell.curlMany(this.page, 10);
      const others = bodies.filter((body) => versionOf(body) !== version);
      if (others.length === 0) return true;
      throw new Error(others[0]?.slice(0, 200));
    }).then(() => undefined);
  }

  /** All of reviews to one version. */
  route(version: string): Promise<string> {
    return this.apply(reviewsTo(version));
  }

  /** Does `work` under traffic that may not lose a request; the traffic goes on for a while after it. */
  async underTraffic(work: () => Promise<void>): Promise<void> {
    const traffic = new Traffic(this.page, '<title>Simple Bookstore App</title>');
    const fiftyMore = async () => {
      const goal = traffic.count + 50;
      await eventually('requests are answered', 30_000, async () => traffic.count >= goal || undefined);
    };
    try {
      await fiftyMore();
      await work();
      await fiftyMore();
    } finally {
      const { count, failures } = await traffic.stop();
      assert.deepEqual(failures.slice(0, 5), [], `${failures.length} of ${count} requests failed`);
    }
  }
}

function versionOf(body: string): string {
  if (!body.includes('<title>Simple Bookstore App</title>')) return 'none';
  if (body.includes('Error fetching')) return 'error';
  if (/color="red"|text-red/.test(body)) return 'v3';
  return /color="black"|text-black/.test(body) ? 'v2' : 'v1';
}

const list = (items: object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

export function meshOperator(spec: object, name = 'mesh'): object {
  return {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    metadata: { name, namespace: istioSystem },
    spec,
  };
}

export function virtualService(name: string, http: object[]): object {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace: 'default' },
    spec: { hosts: [name], http },
  };
}

export const reviewsTo = (subset: string) =>
  virtualService('reviews', [{ route: [{ destination: { host: 'reviews', subset } }] }]);

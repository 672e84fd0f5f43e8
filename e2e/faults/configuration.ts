import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../cluster/run.ts';
import { type Fixture, istioSystem, reviewsTo, type Thing } from './fixture.ts';

/** Published configuration deleted or spoilt by hand, a namespace taken away, the webhooks down. */
export async function configurationFaults(t: TestContext, mesh: Fixture): Promise<void> {
  const { shell } = mesh;
  /** Without the generation, which counts anew where its last value was lost. */
  const payload = ({ data, binaryData }: Thing) =>
    JSON.stringify({ data, binaryData }).replaceAll(/\\"generation\\":\d+/g, '');
  const scopes = 'istio-proxy-config';
  const published = async (): Promise<[string, string][]> => {
    const own = await mesh.names('configmap', 'default', 'lateen.dev/proxy');
    const parts = await mesh.names('configmap', scopes, 'lateen.dev/scope=mesh');
    const both = [...own.map((name) => ['default', name]), ...parts.map((name) => [scopes, name])];
    return both.map(([namespace, name]) => [namespace as string, (name as string).split('/')[1] as string]);
  };

  await t.test('deleted configuration is put back and traffic does not notice', async () => {
    const before = await published();
    assert.ok(before.length > 6, JSON.stringify(before));
    await mesh.underTraffic(async () => {
      await shell.kubectl('delete', 'configmap', '-n', 'default', '-l', 'lateen.dev/proxy');
      await shell.kubectl('delete', 'configmap', '-n', scopes, '-l', 'lateen.dev/scope');
      await eventually('it is back', 20_000, async () =>
        JSON.stringify(await published()) === JSON.stringify(before) ? true : undefined,
      );
      await mesh.route('v2');
      await mesh.serves('v2');
    });
  });

  await t.test('spoilt configuration is repaired and traffic does not notice', async () => {
    const before = new Map<string, string>();
    for (const [namespace, name] of await published())
      before.set(`${namespace}/${name}`, payload(await mesh.get('configmap', name, namespace)));
    await mesh.underTraffic(async () => {
      for (const [namespace, name] of await published()) {
        const spoil = (key: string) => ({ [key]: Buffer.from('{ spoilt').toString('base64') });
        const { data, binaryData } = await mesh.get('configmap', name, namespace);
        const patch = {
          ...(data && { data: Object.fromEntries(Object.keys(data).map((key) => [key, '{ spoilt'])) }),
          ...(binaryData && { binaryData: Object.assign({}, ...Object.keys(binaryData).map(spoil)) }),
        };
        await shell.kubectl(
          'patch',
          'configmap',
          name,
          '-n',
          namespace,
          '--type=merge',
          '-p',
          JSON.stringify(patch),
        );
      }
      await eventually('everything is as it was', 20_000, async () => {
        for (const [namespace, name] of await published()) {
          const now = payload(await mesh.get('configmap', name, namespace));
          assert.equal(now, before.get(`${namespace}/${name}`), `${namespace}/${name}`);
        }
        return true;
      });
      await mesh.route('v3');
      await mesh.serves('v3');
    });
  });

  await t.test('a namespace deleted while its proxies run leaves nothing and disturbs nobody', async () => {
    await mesh.apply(...sleeper('short-lived'));
    await shell.kubectl('rollout', 'status', 'deployment/sleep', '-n', 'short-lived', '--timeout=60s');
    await mesh.underTraffic(async () => {
      await shell.kubectl('delete', 'namespace', 'short-lived', '--timeout=60s');
      await mesh.route('v2');
      await mesh.serves('v2');
    });
    const log = await shell.kubectl('logs', 'deployment/istiod', '-n', istioSystem);
    const complaints = log.split('\n').filter((line) => /\terror\t|"level":"error"/.test(line));
    assert.deepEqual(complaints, []);
    await mesh.apply(...sleeper('short-lived'));
    await shell.kubectl('rollout', 'status', 'deployment/sleep', '-n', 'short-lived', '--timeout=60s');
    await shell.kubectl('delete', 'namespace', 'short-lived', '--timeout=60s');
  });

  await t.test('without webhooks rules and meshed pods wait, other pods and traffic do not', async () => {
    await mesh.apply(...sleeper('meshed'), ...sleeper('plain', false));
    for (const namespace of ['meshed', 'plain'])
      await shell.kubectl('rollout', 'status', 'deployment/sleep', '-n', namespace, '--timeout=60s');
    await mesh.underTraffic(async () => {
      // An operator would put the replicas back.
      await shell.kubectl('scale', 'deployment/istio-operator', '-n', 'istio-operator', '--replicas=0');
      await shell.kubectl('wait', '--for=delete', 'pod', '--all', '-n', 'istio-operator', '--timeout=60s');
      await shell.kubectl('scale', 'deployment/istiod', '-n', istioSystem, '--replicas=0');
      await shell.kubectl(
        'wait',
        '--for=delete',
        'pod',
        '-l',
        'app=istiod',
        '-n',
        istioSystem,
        '--timeout=60s',
      );
      const refusal = await mesh.tryApply(reviewsTo('v1'));
      assert.notEqual(refusal.code, 0);
      assert.match(refusal.stderr, /failed calling webhook "\S*validation\S*"/);
      for (const namespace of ['meshed', 'plain'])
        await shell.kubectl('scale', 'deployment/sleep', '-n', namespace, '--replicas=2');
      await shell.kubectl('rollout', 'status', 'deployment/sleep', '-n', 'plain', '--timeout=30s');
      await eventually('the ReplicaSet says why it waits', 20_000, async () => {
        const events = await shell.kubectl('get', 'events', '-n', 'meshed');
        return /FailedCreate.*failed calling webhook/.test(events) ? true : undefined;
      });
      await mesh.serves('v2');
      // Only the operator returns: it puts the control plane back.
      await shell.kubectl('scale', 'deployment/istio-operator', '-n', 'istio-operator', '--replicas=1');
      await mesh.until(
        'istiod is wanted again',
        'deployment',
        'istiod',
        istioSystem,
        ({ spec }) => spec?.replicas === 1,
      );
      await shell.kubectl('rollout', 'status', 'deployment/istiod', '-n', istioSystem, '--timeout=60s');
      await eventually(
        'rules are accepted again',
        30_000,
        async () => Boolean(await mesh.route('v1')) || undefined,
      );
      await mesh.serves('v1');
      await shell.kubectl('rollout', 'status', 'deployment/sleep', '-n', 'meshed', '--timeout=60s');
    });
  });
}

/** A namespace with one workload that only waits. */
function sleeper(namespace: string, meshed = true): object[] {
  const labels = { app: 'sleep' };
  const container = { name: 'sleep', image: 'curlimages/curl', command: ['sleep', 'infinity'] };
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, ...(meshed && { labels: { 'istio-injection': 'enabled' } }) },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'sleep', namespace },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { terminationGracePeriodSeconds: 1, containers: [container] },
        },
      },
    },
  ];
}

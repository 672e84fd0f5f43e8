import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseYaml } from '../base/yaml.ts';
import type { Resource } from '../kube/client.ts';
import { createClient } from '../kube/create-client.ts';
import { ClusterLocks } from './host/cluster-lock.ts';
import { missingRequirements } from './host/requirements.ts';
import { tryCommand } from './host/run-command.ts';
import { addressPlan } from './network/address-plan.ts';
import { removeCluster } from './network/leftovers.ts';
import { coreResources } from './resources.ts';

const missing = missingRequirements({
  uid: process.getuid?.() ?? -1,
  path: process.env['PATH'] ?? '',
  platform: process.platform,
});
const skip = missing.length === 0 ? false : missing.join('; ');
const program = join(import.meta.dirname, '../cmd/lateen.ts');
const folder = mkdtempSync(join(tmpdir(), 'lateen-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function until<T>(
  what: string,
  limitMs: number,
  probe: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** `lateen local up` in a process of its own, with the address range it took. */
async function up(name: string) {
  const kubeconfig = join(folder, name);
  const child = spawn(
    process.execPath,
    [program, 'local', 'up', '--kubeconfig', kubeconfig, '--image', 'greeter=echo greetings'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  await until('the kubeconfig is there', 30_000, () => existsSync(kubeconfig) || undefined);
  const config = parseYaml(readFileSync(kubeconfig, 'utf8')) as {
    clusters: { cluster: { server: string } }[];
  };
  const server = new URL(config.clusters[0]?.cluster.server ?? '');
  const index = Number(server.hostname.split('.')[1]) - 244;
  const stop = async (signal: NodeJS.Signals) => {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return { client: await createClient({ kubeconfig }), plan: addressPlan(index), stop };
}

const pod = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: { app: name } },
  spec,
});

function remains(name: string): string[] {
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : [];
  return namespaces.filter((ns) => ns === name || ns.startsWith(`${name}-`));
}

test('pods, services and names work across a cluster, and nothing of it stays', {
  skip,
  timeout: 60_000,
}, async (t) => {
  const { client, plan, stop } = await up('one');
  const read = async (resource: Resource, name: string) =>
    (await client.get(resource, name, 'default')) as {
      status?: Record<string, unknown>;
      spec?: Record<string, unknown>;
    };
  const phase = (name: string, wanted: string) =>
    until(`${name} is ${wanted}`, 20_000, async () =>
      (await read(coreResources.pods, name)).status?.['phase'] === wanted ? true : undefined,
    );
  try {
    await client.create(coreResources.services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        type: 'LoadBalancer',
        selector: { app: 'web' },
        ports: [{ port: 80, targetPort: 5000, nodePort: 31234 }],
      },
    });
    const probe = { httpGet: { path: '/health', port: 5000 }, periodSeconds: 1 };
    const web = { name: 'web', image: 'examples-helloworld-v1', readinessProbe: probe };
    await client.create(coreResources.pods, pod('web', { containers: [web] }));
    await phase('web', 'Running');
    const address = await until('the service has an address', 10_000, async () => {
      const status = (await read(coreResources.services, 'web')).status as {
        loadBalancer?: { ingress?: { ip: string }[] };
      };
      return status.loadBalancer?.ingress?.[0]?.ip;
    });
    const get = async (url: string) => (await tryCommand(['curl', '-s', '-m', '3', url])).stdout;

    await t.test('the load balancer address and the node port answer on the host', async () => {
      await until('an answer', 10_000, async () =>
        (await get(`http://${address}/hello`)).startsWith('Hello version: v1') ? true : undefined,
      );
      assert.match(await get(`http://${plan.nodeIp}:31234/hello`), /instance: web/);
    });

    await t.test('a pod reaches the service by its short name and the API by its own', async () => {
      const ask = [
        'wget -qO - http://web/hello',
        'wget -qO - http://web.default.svc.cluster.local/hello',
        'T=/var/run/secrets/kubernetes.io/serviceaccount',
        'wget -qO - --ca-certificate=$T/ca.crt --header="Authorization: Bearer $(cat $T/token)" https://kubernetes.default.svc/version >/dev/null && echo api',
      ].join(' && ');
      const containers = [
        { name: 'c', image: 'busybox', command: ['sh', '-c', `{ ${ask}; } > /dev/termination-log`] },
      ];
      await client.create(coreResources.pods, pod('asker', { restartPolicy: 'Never', containers }));
      await phase('asker', 'Succeeded');
      const statuses = (await read(coreResources.pods, 'asker')).status?.['containerStatuses'] as {
        state: { terminated: { message: string } };
      }[];
      assert.match(
        statuses[0]?.state.terminated.message ?? '',
        /^Hello version: v1.*\nHello version: v1.*\napi\n$/,
      );
    });

    await t.test('an image override runs its command with the args', async () => {
      const containers = [{ name: 'c', image: 'greeter:2', args: ['you'] }];
      await client.create(coreResources.pods, pod('greeter', { restartPolicy: 'Never', containers }));
      await phase('greeter', 'Succeeded');
      const log = await client.raw('GET', '/api/v1/namespaces/default/pods/greeter/log');
      assert.equal(log.body, 'greetings you\n');
    });
  } finally {
    await stop('SIGTERM');
  }
  assert.deepEqual(remains(plan.name), []);
  assert.equal((await tryCommand(['ip', 'link', 'show', plan.name])).code, 1);
  assert.equal(new ClusterLocks().read(plan.index), undefined);
});

test('what a killed cluster leaves behind is found and removed, and its pods die with it', {
  skip,
  timeout: 60_000,
}, async () => {
  const { client, plan, stop } = await up('two');
  const marker = `7${process.pid}`;
  const containers = [{ name: 'c', image: 'busybox', command: ['sleep', marker] }];
  await client.create(coreResources.pods, pod('sleeper', { containers }));
  const sleeping = async () => (await tryCommand(['pgrep', '-f', `^sleep ${marker}$`])).code === 0;
  await until('the pod runs', 20_000, async () => ((await sleeping()) ? true : undefined));
  await stop('SIGKILL');
  await until('the pod is dead', 5000, async () => ((await sleeping()) ? undefined : true));
  const locks = new ClusterLocks();
  // Another cluster that started meanwhile may have cleaned up already.
  const abandoned = locks.abandoned().find(({ index }) => index === plan.index);
  if (abandoned === undefined) return;
  await removeCluster(plan);
  rmSync(abandoned.owner?.folder ?? folder, { recursive: true, force: true });
  locks.release(plan.index);
  assert.deepEqual(remains(plan.name), []);
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { eventually } from '../cluster/run.ts';
import { type Fixture, istioSystem, meshOperator } from './fixture.ts';

interface PodStatus {
  readonly metadata: { uid: string; name: string };
  readonly status: { containerStatuses?: { restartCount: number; ready: boolean }[] };
}

/** Operator, control plane and proxies killed at any moment: traffic flows, and what was asked for comes true. */
export async function killFaults(t: TestContext, mesh: Fixture): Promise<void> {
  const pod = async (namespace: string, selector: string): Promise<PodStatus> => {
    const output = await mesh.shell.kubectl('get', 'pods', '-n', namespace, '-l', selector, '-o', 'json');
    const { items } = JSON.parse(output) as { items: PodStatus[] };
    assert.equal(items.length, 1, output);
    return items[0] as PodStatus;
  };
  const restarts = ({ status }: PodStatus) => status.containerStatuses?.[0]?.restartCount ?? 0;
  const killed = async (
    namespace: string,
    selector: string,
    container: string,
    meanwhile = async () => {},
  ) => {
    const before = await pod(namespace, selector);
    process.kill(containerPid(before.metadata.uid, container), 'SIGKILL');
    await meanwhile();
    await eventually(`${container} is back`, 60_000, async () => {
      const now = await pod(namespace, selector);
      const ready = now.status.containerStatuses?.every((one) => one.ready);
      return ready && restarts(now) > restarts(before) ? true : undefined;
    });
  };

  await t.test(
    'the control plane killed while rules change: no request fails, the last rule applies',
    async () => {
      await mesh.underTraffic(async () => {
        for (const version of ['v2', 'v3', 'v2']) await mesh.route(version);
        await killed(istioSystem, 'app=istiod', 'discovery', async () => {
          await mesh.shell.curlMany(mesh.page, 20);
        });
        // Validation fails closed: a rule may be refused until the control plane serves again.
        await eventually(
          'a rule is accepted',
          30_000,
          async () => Boolean(await mesh.route('v3')) || undefined,
        );
        await mesh.serves('v3');
      });
    },
  );

  await t.test('the operator killed while an IstioOperator changes: it takes up where it was', async () => {
    await mesh.underTraffic(async () => {
      await mesh.apply(meshOperator({ profile: 'demo', meshConfig: { accessLogEncoding: 'JSON' } }));
      await killed('istio-operator', 'name=istio-operator', 'istio-operator');
      await mesh.healthy();
      await eventually('the mesh config says JSON', 20_000, async () => {
        const { data } = await mesh.get('configmap', 'istio', istioSystem);
        return data?.['mesh']?.includes('accessLogEncoding: JSON') ? true : undefined;
      });
    });
  });

  await t.test('a gateway’s agent killed comes back with its configuration', async () => {
    await killed(istioSystem, 'app=istio-ingressgateway', 'istio-proxy');
    await mesh.serves('v3');
  });
}

/** The process of a container of the local cluster: the child of the `unshare` that names the pod's folder. */
function containerPid(uid: string, container: string): number {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        // The name stands in parentheses and may hold anything; the parent is the second field after it.
        const parent = readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')[1];
        return [{ pid: Number(pid), parent: Number(parent), command }];
      } catch {
        return []; // It ended meanwhile.
      }
    });
  const launchers = processes.filter(({ command }) =>
    command.includes(`/pods/${uid}/containers/${container}/`),
  );
  const found = processes.find(
    ({ parent, pid }) =>
      launchers.some((launcher) => launcher.pid === parent) && !launchers.some((one) => one.pid === pid),
  );
  assert.ok(found, `no process of container ${container} of pod ${uid}`);
  return found.pid;
}

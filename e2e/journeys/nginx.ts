import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { root, type Shell } from '../cluster/cluster.ts';
import { eventually } from '../cluster/run.ts';

const namespace = 'istio-test';
const manifest = (file: string) => join(root, 'samples/nginx', file);

/** The two-version walkthrough of seeds/003. */
export async function nginxJourney(t: TestContext, shell: Shell): Promise<void> {
  const apply = (file: string) => shell.kubectl('apply', '-f', manifest(file));
  const wget = async (count: number, ...args: string[]): Promise<Record<string, number>> => {
    const script = `for i in $(seq 1 ${count}); do wget -qO - -T 5 -t 1 ${args.map((arg) => `'${arg}'`).join(' ')}; done`;
    const output = await shell.kubectl(
      'exec',
      'client',
      '-n',
      namespace,
      '-c',
      'client',
      '--',
      'sh',
      '-c',
      script,
    );
    const counts: Record<string, number> = {};
    for (const line of output.trim().split('\n')) counts[line] = (counts[line] ?? 0) + 1;
    return counts;
  };
  const only = (version: string, ...args: string[]) =>
    eventually(`${args.join(' ')} gives ${version} only`, 20_000, async () =>
      (await wget(8, ...args))[version] === 8 ? true : undefined,
    );

  await t.test('client and both versions come up with sidecars', async () => {
    await apply('nginx.yaml');
    for (const name of ['nginx-v1', 'nginx-v2']) {
      await shell.kubectl('rollout', 'status', `deployment/${name}`, '-n', namespace, '--timeout=120s');
    }
    await shell.kubectl('wait', '--for=condition=Ready', 'pod/client', '-n', namespace, '--timeout=120s');
    for (const row of (await shell.kubectl('get', 'pods', '-n', namespace, '--no-headers'))
      .trim()
      .split('\n'))
      assert.match(row, /\s2\/2\s+Running/);
  });

  await t.test('both versions answer by service name', async () => {
    await eventually('v1 and v2 are seen', 20_000, async () => {
      const counts = await wget(20, 'nginx/test.html');
      return (counts['v1'] ?? 0) > 0 && (counts['v2'] ?? 0) > 0 ? true : undefined;
    });
  });

  await t.test('a rule sends everything to v1', async () => {
    await apply('destination-rule.yaml');
    await apply('virtual-service-v1.yaml');
    await only('v1', 'nginx');
  });

  await t.test('30/70 splits by weight', async () => {
    await apply('virtual-service-30-70.yaml');
    await eventually('v2 is seen', 20_000, async () =>
      ((await wget(10, 'nginx'))['v2'] ?? 0) > 0 ? true : undefined,
    );
    const counts = await wget(200, 'nginx');
    assert.equal((counts['v1'] ?? 0) + (counts['v2'] ?? 0), 200, JSON.stringify(counts));
    assert.ok(Math.abs((counts['v2'] ?? 0) - 140) < 39, JSON.stringify(counts));
  });

  await t.test('header and path choose v2, the rest is v1', async () => {
    await apply('virtual-service-header-path.yaml');
    await only('v2', '--header=test: true', 'nginx');
    await only('v2', 'nginx/test.html');
    await only('v1', 'nginx');
  });

  await t.test('a Gateway exposes it under its host', async () => {
    await apply('gateway.yaml');
    const url = await shell.serviceUrl('istio-system', 'istio-ingressgateway', 'http2');
    const counts = { v1: 0, v2: 0, other: 0 };
    await eventually('the gateway answers', 20_000, async () =>
      (await shell.curl(url, { Host: 'nginx.hihihiai.com' })).status === 200 ? true : undefined,
    );
    for (const body of await shell.curlMany(`${url}/`, 200, { Host: 'nginx.hihihiai.com' })) {
      counts[body.trim() === 'v1' ? 'v1' : body.trim() === 'v2' ? 'v2' : 'other'] += 1;
    }
    assert.equal(counts.other, 0, JSON.stringify(counts));
    assert.ok(Math.abs(counts.v2 - 140) < 39, JSON.stringify(counts));
    assert.equal((await shell.curl(url, { Host: 'other.example.com' })).status, 404);
  });
}

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { root, type Shell } from '../cluster/cluster.ts';
import { eventually } from '../cluster/run.ts';

/** The manifests written for Istio when they are at hand, else the project's own of the same names. */
function samples(): string {
  const upstream = join(root, '../shared/upstream/bookinfo');
  return existsSync(upstream) ? upstream : join(root, 'samples/bookinfo');
}

const version = (body: string): 'v1' | 'v2' | 'v3' | 'other' => {
  if (!body.includes('<title>Simple Bookstore App</title>') || body.includes('Error fetching'))
    return 'other';
  if (/color="red"|text-red/.test(body)) return 'v3';
  return /color="black"|text-black/.test(body) ? 'v2' : 'v1';
};

const tally = (bodies: string[]) => {
  const counts = { v1: 0, v2: 0, v3: 0, other: 0 };
  for (const body of bodies) counts[version(body)] += 1;
  return counts;
};

/** The quick start of seeds/001. */
export async function bookinfoJourney(t: TestContext, shell: Shell): Promise<void> {
  const folder = samples();
  const apply = (file: string) => shell.kubectl('apply', '-f', join(folder, file));
  let page = '';

  await t.test('labelled pods come up with a sidecar', async () => {
    await shell.kubectl('label', 'ns', 'default', 'istio-injection=enabled', '--overwrite');
    await apply('platform/kube/bookinfo.yaml');
    for (const name of [
      'details-v1',
      'ratings-v1',
      'reviews-v1',
      'reviews-v2',
      'reviews-v3',
      'productpage-v1',
    ]) {
      await shell.kubectl('rollout', 'status', `deployment/${name}`, '--timeout=180s');
    }
    const pods = await shell.kubectl('get', 'pods', '--no-headers');
    const rows = pods.trim().split('\n');
    assert.equal(rows.length, 6, pods);
    for (const row of rows) assert.match(row, /\s2\/2\s+Running/);
  });

  await t.test('productpage answers through the ingress gateway', async () => {
    await apply('networking/bookinfo-gateway.yaml');
    page = `${await shell.serviceUrl('istio-system', 'istio-ingressgateway', 'http2')}/productpage`;
    const body = await eventually('productpage answers 200', 30_000, async () => {
      const answer = await shell.curl(page);
      return answer.status === 200 ? answer.body : undefined;
    });
    assert.match(body, /<title>Simple Bookstore App<\/title>/);
  });

  await t.test('without rules the three versions take turns', async () => {
    const counts = tally(await shell.curlMany(page, 60));
    assert.equal(counts.other, 0, JSON.stringify(counts));
    assert.ok(counts.v1 > 0 && counts.v2 > 0 && counts.v3 > 0, JSON.stringify(counts));
  });

  await t.test('destination rules and all-to-v1 show no stars', async () => {
    await apply('networking/destination-rule-all.yaml');
    await apply('networking/virtual-service-all-v1.yaml');
    await eventually('only v1 is served', 20_000, async () =>
      tally(await shell.curlMany(page, 20)).v1 === 20 ? true : undefined,
    );
    assert.deepEqual(tally(await shell.curlMany(page, 100)), { v1: 100, v2: 0, v3: 0, other: 0 });
  });

  await t.test('the 80/20 canary splits reviews', async () => {
    await apply('networking/virtual-service-reviews-80-20.yaml');
    await eventually('v2 is seen', 20_000, async () =>
      tally(await shell.curlMany(page, 40)).v2 > 0 ? true : undefined,
    );
    const counts = tally(await shell.curlMany(page, 500));
    assert.equal(counts.v1 + counts.v2, 500, JSON.stringify(counts));
    // Six standard deviations of a fair 20 % over 500 requests.
    assert.ok(Math.abs(counts.v2 - 100) < 54, JSON.stringify(counts));
  });

  await t.test('jason goes to v2, others to v1', async () => {
    await apply('networking/virtual-service-reviews-test-v2.yaml');
    const origin = new URL(page).origin;
    const login = async (count: number) => {
      const script = `j=$(mktemp); curl -s -o /dev/null -c $j -d 'username=jason&passwd=x' ${origin}/login; curl -s -b $j -w '\\n<<%{http_code}>>\\n' '${page}?n=[1-${count}]'; rm -f $j`;
      const result = await shell.run(['sh', '-c', script]);
      return tally(result.stdout.split(/\n<<\d+>>\n/).slice(0, -1));
    };
    await eventually('jason sees v2 only', 20_000, async () =>
      (await login(10)).v2 === 10 ? true : undefined,
    );
    assert.deepEqual(await login(50), { v1: 0, v2: 50, v3: 0, other: 0 });
    assert.deepEqual(tally(await shell.curlMany(page, 50)), { v1: 50, v2: 0, v3: 0, other: 0 });
  });

  await t.test('the sidecars count requests with Istio’s labels', async () => {
    const pod = (
      await shell.kubectl('get', 'pod', '-l', 'app=productpage', '-o', 'jsonpath={.items[0].metadata.name}')
    ).trim();
    const stats = await shell.kubectl(
      'exec',
      pod,
      '-c',
      'istio-proxy',
      '--',
      'pilot-agent',
      'request',
      'GET',
      '/stats/prometheus',
    );
    const line = stats
      .split('\n')
      .find(
        (row) => row.startsWith('istio_requests_total') && row.includes('destination_service_name="reviews"'),
      );
    assert.ok(line, 'istio_requests_total to reviews is missing');
    for (const label of [
      'reporter="source"',
      'source_workload="productpage-v1"',
      'destination_workload="reviews-v',
      'response_code="200"',
    ]) {
      assert.ok(line.includes(label), `${label} is missing in ${line}`);
    }
  });
}

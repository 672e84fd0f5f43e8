import type { KubeObject } from '../api/object.ts';
import { type DemoCluster, waitFor } from './demo-cluster.ts';

export interface CheckRow {
  readonly what: string;
  readonly ok: boolean;
  readonly seen: string;
}

type Tally = { v1: number; v2: number; v3: number; failed: number };

/** The quick start's traffic, seen from outside: each row states what a user would look for and what was seen. */
export async function runChecks(
  cluster: DemoCluster,
  url: string,
  samples: (file: string) => KubeObject[],
): Promise<CheckRow[]> {
  const page = `${url}/productpage`;
  const rows: CheckRow[] = [];
  const row = (what: string, ok: boolean, seen: Tally) => rows.push({ what, ok, seen: describe(seen) });
  const rule = async (file: string, settled: (tally: Tally) => boolean) => {
    await cluster.applyAll(samples(file));
    await waitFor(`${file} is served`, 20_000, async () => settled(await tally(page, 10))).catch(
      () => undefined,
    );
  };

  const free = await waitFor('all three versions answer', 30_000, async () => {
    const seen = await tally(page, 30);
    return seen.failed === 0 && seen.v1 * seen.v2 * seen.v3 > 0 ? seen : undefined;
  }).catch(() => tally(page, 30));
  row(
    'without rules reviews v1, v2 and v3 take turns',
    free.failed === 0 && free.v1 * free.v2 * free.v3 > 0,
    free,
  );

  await cluster.applyAll(samples('destination-rule-all.yaml'));
  await rule('virtual-service-all-v1.yaml', (seen) => seen.v1 === 10);
  const pinned = await tally(page, 100);
  row('all-to-v1: 100 of 100 without stars', pinned.v1 === 100, pinned);

  await rule('virtual-service-reviews-80-20.yaml', (seen) => seen.v2 > 0);
  const canary = await tally(page, 1000);
  row(
    '80/20 canary: v2 within 5 points of 20 %',
    canary.v1 + canary.v2 === 1000 && Math.abs(canary.v2 - 200) <= 50,
    canary,
  );

  await rule('virtual-service-reviews-test-v2.yaml', (seen) => seen.v1 === 10);
  const cookie = await login(url, 'jason');
  const jason = await tally(page, 50, { cookie });
  row('user jason: 50 of 50 with black stars', jason.v2 === 50, jason);
  const others = await tally(page, 50);
  row('everybody else: 50 of 50 without stars', others.v1 === 50, others);
  return rows;
}

function describe(seen: Tally): string {
  return `v1 ${seen.v1}, v2 ${seen.v2}, v3 ${seen.v3}${seen.failed > 0 ? `, failed ${seen.failed}` : ''}`;
}

/** Fetches the page `count` times, eight at a time, and counts the reviews version each copy shows. */
async function tally(page: string, count: number, headers: Record<string, string> = {}): Promise<Tally> {
  const seen: Tally = { v1: 0, v2: 0, v3: 0, failed: 0 };
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      seen[await versionShown(page, headers)] += 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return seen;
}

async function versionShown(page: string, headers: Record<string, string>): Promise<keyof Tally> {
  try {
    const response = await fetch(page, { headers, signal: AbortSignal.timeout(5000) });
    const body = await response.text();
    if (
      response.status !== 200 ||
      !body.includes('<title>Simple Bookstore App</title>') ||
      body.includes('Error fetching')
    )
      return 'failed';
    if (/color="red"|text-red/.test(body)) return 'v3';
    return /color="black"|text-black/.test(body) ? 'v2' : 'v1';
  } catch {
    return 'failed';
  }
}

/** Signs in as the page's form does; the session cookie makes productpage send `end-user`. */
async function login(url: string, user: string): Promise<string> {
  const body = new URLSearchParams({ username: user, passwd: 'x' });
  const response = await fetch(`${url}/login`, { method: 'POST', body, redirect: 'manual' });
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

import { test } from 'node:test';
import { Shell, startCluster, wantedCluster } from './cluster/cluster.ts';
import { bookinfoJourney } from './journeys/bookinfo.ts';
import { installJourney } from './journeys/install.ts';
import { nginxJourney } from './journeys/nginx.ts';
import { outageJourney } from './journeys/outage.ts';
import { uninstallJourney } from './journeys/uninstall.ts';

/** The same journeys on the local cluster and, with LATEEN_E2E=real, on a real Kubernetes. */
test(`journeys on the ${wantedCluster()} cluster`, { timeout: 40 * 60_000 }, async (t) => {
  const cluster = await startCluster();
  const shell = new Shell(cluster);
  try {
    await t.test('install', (context) => installJourney(context, shell));
    await t.test('bookinfo', (context) => bookinfoJourney(context, shell));
    await t.test('nginx', (context) => nginxJourney(context, shell));
    await t.test('outage', (context) => outageJourney(context, shell));
    await t.test('uninstall', (context) => uninstallJourney(context, shell));
  } finally {
    await cluster.stop();
  }
});

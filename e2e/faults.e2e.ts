import { test } from 'node:test';
import { Shell, startCluster, wantedCluster } from './cluster/cluster.ts';
import { configurationFaults } from './faults/configuration.ts';
import { Fixture } from './faults/fixture.ts';
import { installationFaults } from './faults/installation.ts';
import { killFaults } from './faults/kills.ts';
import { ruleFaults } from './faults/rules.ts';

const skip = wantedCluster() === 'local' ? false : 'it kills processes and sends requests from this machine';

/**
 * Bad input and faults: a clear message, the last good state kept, and convergence without help. A restart of the API server is not here, as
 * the local cluster is one process: `src/local/api/restart.socket.test.ts` and `src/controlplane/features/faults.test.ts` have it.
 */
test('bad input and faults on the local cluster', { timeout: 10 * 60_000, skip }, async (t) => {
  const cluster = await startCluster();
  const mesh = new Fixture(new Shell(cluster));
  try {
    await mesh.setUp();
    await t.test('installation', (context) => installationFaults(context, mesh));
    await t.test('rules', (context) => ruleFaults(context, mesh));
    await t.test('kill -9', (context) => killFaults(context, mesh));
    await t.test('configuration', (context) => configurationFaults(context, mesh));
  } finally {
    await cluster.stop();
  }
});

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { LocalApi } from './local-api.ts';
import { at } from './object.ts';
import { startLocalApi } from './start-local-api.ts';
import { HttpsCaller } from './testing/https-caller.ts';

const configMaps = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };

function configMap(name: string) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: {} };
}

async function withFolder(work: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'journal-'));
  try {
    await work(dataDir);
  } finally {
    rmSync(dataDir, { recursive: true });
  }
}

describe('a restart of the API server with a data folder', () => {
  test('loses no acknowledged write, keeps its identity, and lets watches resume', () =>
    withFolder(async (dataDir) => {
      const first = await startLocalApi({ dataDir });
      const made = await first.client().create(configMaps, configMap('a'));
      await first.client().create(configMaps, configMap('b'));
      await first.client().delete(configMaps, 'b', { namespace: 'default' });
      const { kubeconfig, caCertificate } = first;
      await first.close();
      const second = await startLocalApi({ dataDir, port: portOf(first) });
      try {
        assert.equal(second.caCertificate, caCertificate);
        assert.equal(second.read(configMaps, 'a', 'default')?.metadata.uid, made.metadata.uid);
        assert.equal(second.read(configMaps, 'b', 'default'), undefined);
        const caller = new HttpsCaller(kubeconfig);
        const path = `/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=${made.metadata.resourceVersion}`;
        const events = await caller.watch(path, 2);
        assert.deepEqual(
          events.map((event) => [event['type'], at(event, 'object', 'metadata', 'name')]),
          [
            ['ADDED', 'b'],
            ['DELETED', 'b'],
          ],
        );
        caller.close();
      } finally {
        await second.close();
      }
    }));

  test('forgets a last line that a kill left half written', () =>
    withFolder(async (dataDir) => {
      const first = await startLocalApi({ dataDir });
      await first.client().create(configMaps, configMap('whole'));
      await first.close();
      appendFileSync(join(dataDir, 'journal.ndjson'), '{"t":"/configmaps","e":"ADDED","k":"default/ha');
      const second = await startLocalApi({ dataDir });
      try {
        assert.notEqual(second.read(configMaps, 'whole', 'default'), undefined);
        await second.client().create(configMaps, configMap('next'));
      } finally {
        await second.close();
      }
    }));

  test('without a folder, resourceVersions of the run before count as expired', async () => {
    const first = await startLocalApi();
    const made = await first.client().create(configMaps, configMap('a'));
    await first.close();
    const second = await startLocalApi();
    const signal = new AbortController().signal;
    const options = {
      namespace: 'default',
      resourceVersion: String(Number(made.metadata.resourceVersion) - 1_000_000),
    };
    await assert.rejects(
      second.client().watch(configMaps, options, () => {}, signal),
      { reason: 'Expired' },
    );
    await second.close();
  });
});

function portOf(api: LocalApi): number {
  return Number(new URL(api.url).port);
}

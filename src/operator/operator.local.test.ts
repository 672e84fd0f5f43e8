import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../kube/create-client.ts';
import { startLocalApi } from '../local/api/start-local-api.ts';
import { operatorContract } from './operator.contract.ts';

operatorContract('the local API server', async () => {
  const api = await startLocalApi();
  const folder = mkdtempSync(join(tmpdir(), 'lateen-operator-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, api.kubeconfig);
  const client = await createClient({ kubeconfig });
  return {
    client,
    async close() {
      client.close();
      await api.close();
      rmSync(folder, { recursive: true });
    },
  };
});

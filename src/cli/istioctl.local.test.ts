import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalApi } from '../local/api/start-local-api.ts';
import { istioctlContract } from './istioctl.contract.ts';

istioctlContract('the local API server', async () => {
  const api = await startLocalApi();
  const folder = mkdtempSync(join(tmpdir(), 'lateen-istioctl-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, api.kubeconfig);
  return {
    kubeconfig,
    bare: false,
    async close() {
      await api.close();
      rmSync(folder, { recursive: true });
    },
  };
});

import { readFileSync } from 'node:fs';
import { after } from 'node:test';
import type { LocalApi } from './local-api.ts';
import { startLocalApi } from './start-local-api.ts';
import { apiContract } from './testing/api.contract.ts';

const real = process.env['LATEEN_CONTRACT_KUBECONFIG'];

if (real !== undefined) {
  apiContract('the server of LATEEN_CONTRACT_KUBECONFIG', async () => readFileSync(real, 'utf8'));
} else {
  let api: LocalApi | undefined;
  apiContract('the local API server', async () => {
    api = await startLocalApi();
    return api.kubeconfig;
  });
  after(() => api?.close());
}

import { env } from 'node:process';
import { test } from 'node:test';
import { createClient } from '../kube/create-client.ts';
import { startLocalApi } from '../local/api/index.ts';
import { schemaContract } from './testing/schema.contract.ts';

schemaContract('the local API server', async () => {
  const api = await startLocalApi();
  return { client: api.client('schema-contract'), close: () => api.close() };
});

const kubeconfig = env['LATEEN_CONTRACT_KUBECONFIG'];

if (kubeconfig === undefined)
  test('CRDs in a real API server', { skip: 'set LATEEN_CONTRACT_KUBECONFIG' }, () => {});
else
  schemaContract('a real API server', async () => {
    const client = await createClient({ kubeconfig });
    return { client, close: async () => client.close() };
  });

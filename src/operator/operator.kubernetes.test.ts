import { test } from 'node:test';
import { createClient } from '../kube/create-client.ts';
import { contractSkipReason } from '../kube/testing/bare-api-server.ts';
import { operatorContract } from './operator.contract.ts';

const kubeconfig = process.env['LATEEN_CONTRACT_KUBECONFIG'];
const skip = await contractSkipReason(kubeconfig);

if (kubeconfig === undefined || skip !== undefined)
  test('the operator on Kubernetes', { skip }, () => undefined);
else
  operatorContract('Kubernetes', async () => {
    const client = await createClient({ kubeconfig });
    return { client, bare: true, close: async () => client.close() };
  });

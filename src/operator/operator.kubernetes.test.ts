import { test } from 'node:test';
import { createClient } from '../kube/create-client.ts';
import { operatorContract } from './operator.contract.ts';

const kubeconfig = process.env['LATEEN_CONTRACT_KUBECONFIG'];

if (kubeconfig === undefined)
  test(
    'the operator on Kubernetes',
    { skip: 'LATEEN_CONTRACT_KUBECONFIG (a kube-apiserver without controllers) is not set' },
    () => undefined,
  );
else
  operatorContract('Kubernetes', async () => {
    const client = await createClient({ kubeconfig });
    return { client, bare: true, close: async () => client.close() };
  });

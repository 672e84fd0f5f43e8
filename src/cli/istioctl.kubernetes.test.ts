import { test } from 'node:test';
import { istioctlContract } from './istioctl.contract.ts';

const kubeconfig = process.env['LATEEN_CONTRACT_KUBECONFIG'];

if (kubeconfig === undefined)
  test(
    'istioctl on Kubernetes',
    { skip: 'LATEEN_CONTRACT_KUBECONFIG (a kube-apiserver without controllers) is not set' },
    () => undefined,
  );
else istioctlContract('Kubernetes', async () => ({ kubeconfig, bare: true, close: async () => undefined }));

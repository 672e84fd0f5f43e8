import { test } from 'node:test';
import { istioctlContract } from './istioctl.contract.ts';

const kubeconfig = process.env['LATEEN_CONTRACT_KUBECONFIG'];

if (kubeconfig === undefined)
  test('istioctl on Kubernetes', { skip: 'LATEEN_CONTRACT_KUBECONFIG is not set' }, () => undefined);
else istioctlContract('Kubernetes', async () => ({ kubeconfig, close: async () => undefined }));

import { test } from 'node:test';
import { contractSkipReason } from '../kube/testing/bare-api-server.ts';
import { istioctlContract } from './istioctl.contract.ts';

const kubeconfig = process.env['LATEEN_CONTRACT_KUBECONFIG'];
const skip = await contractSkipReason(kubeconfig);

if (kubeconfig === undefined || skip !== undefined) test('istioctl on Kubernetes', { skip }, () => undefined);
else istioctlContract('Kubernetes', async () => ({ kubeconfig, bare: true, close: async () => undefined }));

import type { KubeObject } from '../../api/object.ts';
import type { KubeClient } from '../../kube/client.ts';
import { Informer } from '../../kube/informer.ts';
import { resources } from '../../kube/resource.ts';
import { isConflict, isNotFound } from '../../kube/status-error.ts';

/**
 * Stands in for the controllers of Deployments and namespaces and for the control plane where only an API server runs: every Deployment becomes available and the
 * injector gets a certificate, each by server-side apply as the real ones would.
 */
export async function playControllers(
  client: KubeClient,
  signal: AbortSignal,
  options: { readonly namespaces: boolean },
): Promise<void> {
  const deployments = new Informer(client, resources.deployments);
  deployments.onChange(({ type, object }) => {
    if (type !== 'deleted') makeAvailable(client, object).catch(tolerate);
  });
  const webhooks = new Informer(client, resources.mutatingWebhooks);
  webhooks.onChange(({ type, object }) => {
    if (type !== 'deleted' && object.metadata.name === 'istio-sidecar-injector')
      certify(client, object).catch(tolerate);
  });
  const running = [deployments.run(signal), webhooks.run(signal)];
  if (!options.namespaces) return void (await Promise.all(running));
  const namespaces = new Informer(client, resources.namespaces);
  namespaces.onChange(({ type, object }) => {
    if (type !== 'deleted' && object.metadata.deletionTimestamp !== undefined)
      finishDeletion(client, object).catch(tolerate);
  });
  await Promise.all([...running, namespaces.run(signal)]);
}

/** The namespace controller's part: empty it, then let it go. */
async function finishDeletion(client: KubeClient, namespace: KubeObject): Promise<void> {
  const { name } = namespace.metadata;
  for (const resource of [
    resources.configMaps,
    resources.roles,
    resources.roleBindings,
    resources.serviceAccounts,
  ]) {
    for (const { metadata } of (await client.list(resource, { namespace: name })).items) {
      await client.delete(resource, metadata.name, { namespace: name }).catch(tolerate);
    }
  }
  const spec = { ...(namespace.spec as object), finalizers: [] };
  await client.replace(resources.namespaces, { ...namespace, spec }, { subresource: 'finalize' });
}

async function makeAvailable(client: KubeClient, deployment: KubeObject): Promise<void> {
  const { generation, name, namespace = '' } = deployment.metadata;
  const status = (deployment.status ?? {}) as { observedGeneration?: number; availableReplicas?: number };
  const replicas = (deployment.spec as { replicas?: number }).replicas ?? 1;
  if (status.observedGeneration === generation && status.availableReplicas === replicas) return;
  const wanted = {
    observedGeneration: generation,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
  };
  await client.patch(
    resources.deployments,
    name,
    'merge',
    { status: wanted },
    { namespace, subresource: 'status' },
  );
}

async function certify(client: KubeClient, object: KubeObject): Promise<void> {
  const webhooks = object['webhooks'] as { name: string; clientConfig: { caBundle?: string } }[];
  if (webhooks.every((webhook) => webhook.clientConfig.caBundle !== undefined)) return;
  // A self-signed certificate of nobody, valid PEM: API servers look.
  const caBundle = Buffer.from(certificate).toString('base64');
  const wanted = {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name: object.metadata.name },
    webhooks: webhooks.map(({ name }) => ({ name, clientConfig: { caBundle } })),
  };
  await client.apply(resources.mutatingWebhooks, wanted, { fieldManager: 'istiod', force: true });
}

function tolerate(failure: unknown): void {
  if (!isConflict(failure) && !isNotFound(failure)) throw failure;
}

const certificate = `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUThFqN7QFR5cqA4lrr7RkCMbtts4wCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjEwNDMzNTJaGA8yMTI2MTAyODA0MzM1
MlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABENf
2E2GpJkXNoCEcwG+aM9HVYKYIgdmvHXZ9fyFMDQfFlTpYauFE4I5ktRfOuJxMkQm
iY9pUkf9Un5vNaNtbiOjUzBRMB0GA1UdDgQWBBTJac2UtxlBpW/LaALtMxQE3TxK
SzAfBgNVHSMEGDAWgBTJac2UtxlBpW/LaALtMxQE3TxKSzAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIHcd2pBiiU+1/IHSBuEFWaGDlm/i/jGsI5Z6
qceZnNkVAiEAw2Ml8GgHbUNGOgTAkUfkoiF1M1lNWv5wiVF/5xXrtJk=
-----END CERTIFICATE-----
`;

import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { resources } from '../kube/resource.ts';
import { isAlreadyExists, isNotFound } from '../kube/status-error.ts';
import { createAuthority, isUsableAuthority, KeyedCertificate } from '../pki/certificate.ts';

/** The Secret Istio keeps its self-signed authority in; the keys in it are Istio's too. */
export const authoritySecret = 'istio-ca-secret';

const day = 86_400_000;

/**
 * The mesh's certificate authority from its Secret, made on the first start. Replicas that start together agree: the one whose Secret was
 * created first wins. A Secret that is damaged or expired is replaced.
 */
export async function loadAuthority(options: {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly trustDomain: string;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<KeyedCertificate> {
  const { client, namespace, clock, log } = options;
  const found = await client.get(resources.secrets, authoritySecret, namespace).catch((failure: unknown) => {
    if (isNotFound(failure)) return undefined;
    throw failure;
  });
  const data = (found?.['data'] ?? {}) as Record<string, string>;
  const stored = new KeyedCertificate(decode(data['ca-cert.pem']), decode(data['ca-key.pem']));
  if (isUsableAuthority(stored, clock.now())) return stored;
  if (found !== undefined)
    log.warn('the certificate authority is damaged or expired and is made anew', { secret: authoritySecret });
  const made = createAuthority({
    commonName: 'istiod',
    organization: options.trustDomain,
    notBefore: clock.now() - day,
    notAfter: clock.now() + 3650 * day,
  });
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: authoritySecret,
      namespace,
      ...(found && { resourceVersion: found.metadata.resourceVersion as string }),
    },
    type: 'istio.io/ca-root',
    data: { 'ca-cert.pem': encode(made.certificate), 'ca-key.pem': encode(made.key) },
  };
  try {
    if (found !== undefined) await client.delete(resources.secrets, authoritySecret, { namespace });
    await client.create(resources.secrets, { ...secret, metadata: { name: authoritySecret, namespace } });
    return made;
  } catch (failure) {
    if (isAlreadyExists(failure)) return loadAuthority(options);
    throw failure;
  }
}

function decode(text: string | undefined): string {
  return Buffer.from(text ?? '', 'base64').toString('utf8');
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

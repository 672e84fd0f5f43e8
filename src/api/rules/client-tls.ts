import type { Report } from '../schema/report.ts';

export interface ClientTls {
  readonly mode?: string;
  readonly clientCertificate?: string;
  readonly privateKey?: string;
  readonly caCertificates?: string;
  readonly credentialName?: string;
  readonly subjectAltNames?: readonly string[];
  readonly insecureSkipVerify?: boolean;
  readonly caCrl?: string;
}

const configMapScheme = 'configmap://';

/** Rules of Istio's ValidateTLS for TLS towards a host. */
export function checkClientTls(
  report: Report,
  path: string,
  tls: ClientTls | undefined,
  namespace: string,
): void {
  if (tls === undefined) return;
  const { mode } = tls;
  if (tls.credentialName?.startsWith(configMapScheme))
    checkConfigMap(report, `${path}.credentialName`, tls.credentialName, namespace);
  if (tls.insecureSkipVerify) checkUnverified(report, path, tls);
  if ((mode === 'SIMPLE' || mode === 'MUTUAL') && tls.credentialName) {
    for (const field of ['clientCertificate', 'privateKey', 'caCertificates', 'caCrl'] as const) {
      if (tls[field])
        report.error('Conflict', `${path}.${field}`, `${field} may not be set together with credentialName`);
    }
  } else if (mode === 'MUTUAL') {
    for (const field of ['clientCertificate', 'privateKey'] as const) {
      if (!tls[field])
        report.error('MissingField', path, `${field} is required for mode MUTUAL without credentialName`);
    }
  }
}

function checkUnverified(report: Report, path: string, tls: ClientTls): void {
  const fields =
    tls.mode === 'SIMPLE'
      ? ['caCertificates', 'credentialName', 'subjectAltNames']
      : tls.mode === 'MUTUAL'
        ? ['caCertificates', 'subjectAltNames']
        : [];
  for (const field of fields as readonly ('caCertificates' | 'credentialName' | 'subjectAltNames')[]) {
    const given = field === 'subjectAltNames' ? (tls.subjectAltNames?.length ?? 0) > 0 : Boolean(tls[field]);
    if (given)
      report.error(
        'Conflict',
        `${path}.${field}`,
        `${field} may not be set together with insecureSkipVerify`,
      );
  }
}

function checkConfigMap(report: Report, path: string, credential: string, namespace: string): void {
  const [owner, name] = credential.slice(configMapScheme.length).split('/');
  if (!owner || !name)
    report.error('InvalidCredential', path, `write it as ${configMapScheme}namespace/name`);
  else if (owner !== namespace)
    report.error(
      'InvalidCredential',
      path,
      `the ConfigMap must be in the namespace of this object, ${namespace}`,
    );
}

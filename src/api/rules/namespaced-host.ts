import type { Report } from '../schema/report.ts';
import { hasPartialWildcard, isDnsLabel, isIpAddress, wildcardDomainFault } from './host-name.ts';

/** `namespace/host` of Sidecar egress, and `[namespace/]host` of Gateway servers (Istio's ValidateNamespaceSlashWildcardHostname). */
export function checkNamespacedHost(
  report: Report,
  path: string,
  text: string,
  where: 'gateway' | 'sidecar',
): void {
  const slash = text.indexOf('/');
  if (slash === -1) {
    if (where === 'gateway') checkHostPart(report, path, text, where);
    else
      report.error(
        'InvalidHost',
        path,
        `${JSON.stringify(text)} must have the form namespace/host, such as ./${text} or */${text}`,
      );
    return;
  }
  const namespace = text.slice(0, slash);
  const host = text.slice(slash + 1);
  if (namespace === '' || host === '')
    report.error('InvalidHost', path, 'neither the namespace nor the host may be empty');
  const name = where === 'sidecar' && namespace.startsWith('~') ? namespace.slice(1) : namespace;
  const optional = where === 'sidecar' && name === '';
  if (!optional && name !== '*' && name !== '.' && !isDnsLabel(name))
    report.error('InvalidNamespace', path, `${JSON.stringify(namespace)} is not the name of a namespace`);
  checkHostPart(report, path, host, where);
}

function checkHostPart(report: Report, path: string, host: string, where: 'gateway' | 'sidecar'): void {
  if (host !== '*' && !host.includes('.'))
    report.error(
      'InvalidHost',
      path,
      `${JSON.stringify(host)} is a short name; write the full name, such as ${host || 'name'}.default.svc.cluster.local`,
    );
  const fault = wildcardDomainFault(host);
  if (fault !== undefined && (where === 'sidecar' || !isIpAddress(host)))
    report.error('InvalidHost', path, fault);
  if (hasPartialWildcard(host))
    report.error('InvalidHost', path, `${JSON.stringify(host)} may hold "*" only as its whole first label`);
}

import { checkSelector } from '../rules/checks.ts';
import { child, type Report } from '../schema/report.ts';
import type { PeerAuthenticationSpec } from './types.gen.ts';

/** Rules of Istio's ValidatePeerAuthentication. */
export function validatePeerAuthentication(spec: PeerAuthenticationSpec, report: Report): void {
  checkSelector(report, 'spec.selector', spec.selector);
  const ports = Object.keys(spec.portLevelMtls ?? {});
  if (ports.length > 0 && Object.keys(spec.selector?.matchLabels ?? {}).length === 0)
    report.error(
      'MissingField',
      'spec.portLevelMtls',
      'portLevelMtls needs a selector with labels: ports belong to workloads',
    );
  for (const port of ports) {
    if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65535)
      report.error(
        'InvalidPort',
        child('spec.portLevelMtls', port),
        `${JSON.stringify(port)} is not a port number, 1 to 65535`,
      );
  }
}

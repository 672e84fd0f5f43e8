import type { Issue } from '../base/issue.ts';
import { protocolOfPortName } from './rules/protocol.ts';
import { child, item, Report } from './schema/report.ts';

/**
 * What the mesh asks of plain Kubernetes objects: named or typed Service ports, labels for telemetry on Deployments. Other kinds have
 * nothing to say about. (Istio's istioctl/pkg/validate.)
 */
export function validateKubernetesObject(object: Readonly<Record<string, unknown>>): readonly Issue[] {
  const report = new Report();
  if (object['kind'] === 'Service') checkService(object, report);
  if (object['kind'] === 'Deployment') checkDeployment(object, report);
  return report.issues;
}

function checkService(object: Readonly<Record<string, unknown>>, report: Report): void {
  const ports = field(object['spec'], 'ports');
  if (!Array.isArray(ports)) return;
  ports.forEach((port: unknown, index) => {
    const at = item('spec.ports', index);
    const protocol = field(port, 'protocol');
    if (typeof protocol === 'string' && protocol.toUpperCase() === 'UDP') return;
    const appProtocol = field(port, 'appProtocol');
    const name = field(port, 'name');
    if (typeof appProtocol === 'string') {
      if (!knownAppProtocols.has(appProtocol) && protocolOfPortName(appProtocol) === undefined)
        report.error(
          'UnknownProtocol',
          child(at, 'appProtocol'),
          `${JSON.stringify(appProtocol)} is not a protocol the mesh knows, such as http, http2, grpc, tls or tcp`,
        );
    } else if (typeof name !== 'string')
      report.error(
        'UnnamedPort',
        at,
        'the port has no name; name it after its protocol, such as http-web, or set appProtocol',
      );
    else if (protocolOfPortName(name) === undefined)
      report.error(
        'PortName',
        child(at, 'name'),
        `${JSON.stringify(name)} does not begin with a protocol; write it like http-${name} or tcp-${name}, or set appProtocol`,
      );
  });
}

const knownAppProtocols = new Set(['kubernetes.io/h2c', 'kubernetes.io/ws', 'kubernetes.io/wss']);
const nameLabels = ['service.istio.io/canonical-name', 'app.kubernetes.io/name', 'app'];
const versionLabels = ['service.istio.io/canonical-revision', 'app.kubernetes.io/version', 'version'];

function checkDeployment(object: Readonly<Record<string, unknown>>, report: Report): void {
  const template = field(object['spec'], 'template');
  const labels = field(field(template, 'metadata'), 'labels');
  const names = labels !== null && typeof labels === 'object' ? Object.keys(labels) : [];
  const missing = [nameLabels, versionLabels]
    .filter((group) => !group.some((name) => names.includes(name)))
    .map((group) => group.at(-1));
  if (missing.length > 0)
    report.issues.push({
      code: 'NoTelemetryLabels',
      path: 'spec.template.metadata',
      severity: 'info',
      message: `pods without label ${missing.join(' and ')} are hard to tell apart in telemetry`,
    });
}

function field(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined;
}

import { checkLabels, checkPort } from '../rules/checks.ts';
import { fqdnFault, isDnsLabel, isIpAddress } from '../rules/host-name.ts';
import { child, item, type Report } from '../schema/report.ts';
import { checkUnixSocket, unixScheme } from './gateway.ts';
import type { ReadinessProbe, WorkloadEntrySpec, WorkloadGroupSpec } from './types.gen.ts';

interface WorkloadRules {
  /** Names of the ports of the service, when the workload is an endpoint. */
  readonly servicePorts?: ReadonlySet<string>;
  /** Whether a DNS name is refused as address. */
  readonly addressOnly?: boolean;
}

export function validateWorkloadEntry(spec: WorkloadEntrySpec, report: Report): void {
  checkWorkload(report, 'spec', spec);
}

/** Rules of Istio's validateWorkloadEntry, for the kind itself and for endpoints of a ServiceEntry. */
export function checkWorkload(
  report: Report,
  path: string,
  entry: WorkloadEntrySpec,
  rules: WorkloadRules = {},
): void {
  const address = entry.address ?? '';
  const unix = address.startsWith(unixScheme);
  if (address === '') {
    if (!entry.network) {
      report.error('MissingField', path, 'address is required unless network is set');
      return;
    }
    report.warning(
      'NoAddress',
      path,
      `without address it is reached through the gateway of network ${entry.network} only`,
    );
  } else if (unix) {
    checkUnixSocket(report, `${path}.address`, address);
    if (Object.keys(entry.ports ?? {}).length > 0)
      report.error('Conflict', `${path}.ports`, 'a Unix domain socket has no ports');
  } else if (!isIpAddress(address)) checkName(report, `${path}.address`, address, rules.addressOnly === true);
  checkEndpointPorts(report, path, entry, rules.servicePorts);
  checkLabels(report, `${path}.labels`, entry.labels);
  if (unix && rules.servicePorts !== undefined && rules.servicePorts.size !== 1)
    report.error(
      'Conflict',
      `${path}.address`,
      'an endpoint that is a Unix domain socket needs a service with exactly one port',
    );
}

function checkName(report: Report, path: string, address: string, addressOnly: boolean): void {
  if (addressOnly)
    report.error(
      'InvalidAddress',
      path,
      `${JSON.stringify(address)} is not an IP address; use resolution DNS for names`,
    );
  else if (fqdnFault(address) !== undefined)
    report.error(
      'InvalidAddress',
      path,
      `${JSON.stringify(address)} is neither an IP address nor a DNS name`,
    );
}

/** Ports of an endpoint name ports of the service. */
export function checkEndpointPorts(
  report: Report,
  path: string,
  endpoint: WorkloadEntrySpec,
  names: ReadonlySet<string> | undefined,
): void {
  for (const [name, port] of Object.entries(endpoint.ports ?? {})) {
    const at = child(`${path}.ports`, name);
    if (names !== undefined && !names.has(name))
      report.error('UnknownPort', at, `the service has no port named ${JSON.stringify(name)}`);
    if (!isDnsLabel(name)) report.error('InvalidPortName', at, `${JSON.stringify(name)} is not a port name`);
    checkPort(report, at, port);
  }
}

/** Rules of Istio's ValidateWorkloadGroup. */
export function validateWorkloadGroup(spec: WorkloadGroupSpec, report: Report): void {
  checkLabels(report, 'spec.metadata.labels', spec.metadata?.labels);
  if (spec.template?.address?.startsWith(unixScheme) && spec.template.ports !== undefined)
    report.error('Conflict', 'spec.template.ports', 'a Unix domain socket has no ports');
  if (spec.probe !== undefined) checkProbe(report, 'spec.probe', spec.probe);
}

/** Rules of Istio's validateReadinessProbe that the schema does not say. */
function checkProbe(report: Report, path: string, probe: ReadinessProbe): void {
  const { httpGet, tcpSocket, exec, grpc } = probe;
  if (httpGet !== undefined) {
    if (httpGet.port !== undefined) checkPort(report, `${path}.httpGet.port`, httpGet.port);
    if (!['', 'HTTP', 'HTTPS'].includes(httpGet.scheme ?? ''))
      report.error(
        'InvalidValue',
        `${path}.httpGet.scheme`,
        `scheme must be HTTP or HTTPS, not ${JSON.stringify(httpGet.scheme)}`,
      );
    httpGet.httpHeaders?.forEach((header, index) => {
      if (!/^[-A-Za-z0-9]+$/.test(header.name ?? ''))
        report.error(
          'InvalidHeader',
          `${item(`${path}.httpGet.httpHeaders`, index)}.name`,
          `${JSON.stringify(header.name ?? '')} is not a header name; letters, digits and dashes are allowed`,
        );
    });
  } else if (tcpSocket !== undefined) {
    if (tcpSocket.port !== undefined) checkPort(report, `${path}.tcpSocket.port`, tcpSocket.port);
  } else if (exec !== undefined) {
    if (exec.command?.length === 0)
      report.error('MissingField', `${path}.exec.command`, 'a command is required');
  } else if (grpc !== undefined) {
    if (grpc.port !== undefined) checkPort(report, `${path}.grpc.port`, grpc.port);
  } else report.error('MissingField', path, 'one of httpGet, tcpSocket, exec and grpc is required');
}

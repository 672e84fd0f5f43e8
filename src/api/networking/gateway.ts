import { checkPort } from '../rules/checks.ts';
import { isDnsLabel, isIpAddress } from '../rules/host-name.ts';
import { checkNamespacedHost } from '../rules/namespaced-host.ts';
import { isHttp, isTls, parseProtocol, protocols } from '../rules/protocol.ts';
import { checkServerTls } from '../rules/server-tls.ts';
import { item, type Report } from '../schema/report.ts';
import type { GatewaySpec, Server } from './types.gen.ts';

export const unixScheme = 'unix://';

/** Rules of Istio's ValidateGateway. */
export function validateGateway(spec: GatewaySpec, report: Report, name: string): void {
  if (!isDnsLabel(name))
    report.error(
      'InvalidName',
      'metadata.name',
      `${JSON.stringify(name)} is not a DNS label; VirtualServices name gateways as namespace/name`,
    );
  if (!spec.servers?.length) report.error('MissingField', 'spec', 'servers needs at least one entry');
  checkPortSharing(report, spec.servers ?? []);
  const names = new Set<string>();
  spec.servers?.forEach((server, index) => {
    const at = item('spec.servers', index);
    checkServer(report, at, server);
    const portName = server.port?.name;
    if (portName === undefined) return;
    if (names.has(portName))
      report.error(
        'Duplicate',
        `${at}.port.name`,
        `port name ${portName} is there twice; give each port a name of its own`,
      );
    names.add(portName);
    if (server.tls?.httpsRedirect && !isHttp(parseProtocol(server.port.protocol ?? '')))
      report.warning(
        'IneffectiveRedirect',
        `${at}.tls.httpsRedirect`,
        'httpsRedirect works on HTTP servers only',
      );
  });
}

/** Servers of one port that cannot stand side by side: the later one has no effect (pilot/pkg/model MergeGateways). */
function checkPortSharing(report: Report, servers: readonly Server[]): void {
  servers.forEach((server, index) => {
    if (server.port === undefined) return;
    const earlier = servers
      .slice(0, index)
      .filter(
        (other) => other.port?.number === server.port.number && (other.bind ?? '') === (server.bind ?? ''),
      );
    const at = item('spec.servers', index);
    const family = familyOf(server);
    if (earlier.some((other) => familyOf(other) !== family))
      report.warning(
        'PortConflict',
        `${at}.port`,
        `port ${server.port.number} is already used with another protocol; this server has no effect`,
      );
    else if (family === 'tls')
      for (const [h, host] of (server.hosts ?? []).entries()) {
        if (earlier.some((other) => other.hosts?.includes(host)))
          report.warning(
            'SniConflict',
            item(`${at}.hosts`, h),
            `${host} is already served with TLS on port ${server.port.number}; this entry has no effect`,
          );
      }
  });
}

function familyOf(server: Server): 'http' | 'tls' | 'tcp' {
  const protocol = parseProtocol(server.port.protocol ?? '');
  if (isHttp(protocol)) return 'http';
  return isTls(protocol) ? 'tls' : 'tcp';
}

function checkServer(report: Report, path: string, server: Server): void {
  if (!server.hosts?.length) report.error('MissingField', `${path}.hosts`, 'at least one host is required');
  server.hosts?.forEach((host, index) => {
    checkNamespacedHost(report, item(`${path}.hosts`, index), host, 'gateway');
  });
  checkServerPort(report, path, server);
  checkBind(report, path, server);
  checkServerTls(report, `${path}.tls`, server.tls);
}

function checkServerPort(report: Report, path: string, server: Server): void {
  const { port, bind = '' } = server;
  if (port === undefined) return;
  const before = report.issues.length;
  const protocol = parseProtocol(port.protocol ?? '');
  if (port.protocol !== undefined && protocol === undefined)
    report.error(
      'InvalidProtocol',
      `${path}.port.protocol`,
      `${JSON.stringify(port.protocol)} is not a protocol; use one of ${protocols.filter((word) => word !== 'UDP').join(', ')}`,
    );
  if (port.number !== undefined && (port.number > 0 || !bind.startsWith(unixScheme)))
    checkPort(report, `${path}.port.number`, port.number);
  if ((port.targetPort ?? 0) > 0)
    report.error(
      'Unsupported',
      `${path}.port.targetPort`,
      'targetPort has no effect on a gateway; set it on the Service',
    );
  if (port.name === '') report.error('MissingField', `${path}.port.name`, 'a port needs a name');
  if (report.issues.length === before) checkTlsFits(report, path, server);
}

function checkTlsFits(report: Report, path: string, server: Server): void {
  const protocol = parseProtocol(server.port.protocol ?? '');
  const { tls } = server;
  if (isTls(protocol)) {
    if (tls === undefined)
      report.error('MissingField', path, `tls is required for protocol ${server.port.protocol}`);
    return;
  }
  if (tls === undefined) return;
  const passthrough = tls.mode === undefined || tls.mode === 'PASSTHROUGH' || tls.mode === 'AUTO_PASSTHROUGH';
  if (!isHttp(protocol))
    report.error('Conflict', `${path}.tls`, `protocol ${server.port.protocol} has no tls; use HTTPS or TLS`);
  else if (!passthrough || tls.caCertificates || tls.privateKey || tls.serverCertificate)
    report.error(
      'Conflict',
      `${path}.tls`,
      'plain HTTP has no certificates; only httpsRedirect may be set, or use protocol HTTPS',
    );
}

function checkBind(report: Report, path: string, server: Server): void {
  const { bind = '', port } = server;
  if (bind.startsWith(unixScheme)) {
    checkUnixSocket(report, `${path}.bind`, bind);
    if (port?.number)
      report.error('InvalidPort', `${path}.port.number`, 'the port of a Unix domain socket is 0');
  } else if (bind !== '' && !isIpAddress(bind))
    report.error('InvalidAddress', `${path}.bind`, `${JSON.stringify(bind)} is not an IP address`);
}

/** `unix:///absolute/file`, or an abstract name `unix://@name`. */
export function checkUnixSocket(report: Report, path: string, address: string): void {
  const file = address.slice(unixScheme.length);
  if (file.startsWith('@')) return;
  if (!file.startsWith('/') || file.endsWith('/'))
    report.error('InvalidAddress', path, `${JSON.stringify(address)} is not the absolute path of a file`);
}

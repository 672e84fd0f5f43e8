import { checkDestination, checkNetworkingSelector, checkPort } from '../rules/checks.ts';
import { fqdnFault, isDnsLabel, isIpAddress } from '../rules/host-name.ts';
import { checkNamespacedHost } from '../rules/namespaced-host.ts';
import { isHttp, isTls, parseProtocol, protocols } from '../rules/protocol.ts';
import { checkServerTls } from '../rules/server-tls.ts';
import { checkConnectionPool } from '../rules/traffic-policy.ts';
import { item, type Report } from '../schema/report.ts';
import { checkUnixSocket, unixScheme } from './gateway.ts';
import type {
  IstioEgressListener,
  IstioIngressListener,
  OutboundTrafficPolicy,
  Port,
  ServerTLSSettings,
  SidecarSpec,
} from './types.gen.ts';

/** Rules of Istio's ValidateSidecar. */
export function validateSidecar(spec: SidecarSpec, report: Report, namespace: string): void {
  checkNetworkingSelector(report, 'spec.workloadSelector', spec.workloadSelector);
  const { ingress = [], egress = [], outboundTrafficPolicy, inboundConnectionPool } = spec;
  if (
    ingress.length === 0 &&
    egress.length === 0 &&
    outboundTrafficPolicy === undefined &&
    inboundConnectionPool === undefined
  ) {
    report.error(
      'MissingField',
      'spec',
      'one of ingress, egress, outboundTrafficPolicy and inboundConnectionPool is required',
    );
    return;
  }
  checkIngressListeners(report, ingress);
  checkConnectionPool(report, 'spec.inboundConnectionPool', inboundConnectionPool);
  checkEgressListeners(report, egress, namespace);
  if (outboundTrafficPolicy !== undefined)
    checkOutboundPolicy(report, 'spec.outboundTrafficPolicy', outboundTrafficPolicy);
}

function checkIngressListeners(report: Report, listeners: readonly IstioIngressListener[]): void {
  const numbers = new Set<number>();
  listeners.forEach((listener, index) => {
    const at = item('spec.ingress', index);
    if (listener.port === undefined) return;
    checkListenerPort(report, at, listener.port);
    checkPort(report, `${at}.port.number`, listener.port.number);
    checkBindAddress(report, at, listener.bind);
    const number = listener.port.number ?? 0;
    if (numbers.has(number)) report.error('Duplicate', `${at}.port.number`, `port ${number} is there twice`);
    numbers.add(number);
    if (listener.defaultEndpoint)
      checkDefaultEndpoint(report, `${at}.defaultEndpoint`, listener.defaultEndpoint);
    if (listener.tls !== undefined) checkIngressTls(report, `${at}.tls`, listener.tls, listener.port);
    checkConnectionPool(report, `${at}.connectionPool`, listener.connectionPool);
    if (listener.connectionPool?.http !== undefined && !isHttp(parseProtocol(listener.port.protocol ?? '')))
      report.warning(
        'IneffectiveSettings',
        `${at}.connectionPool.http`,
        `port ${number} is not HTTP but ${listener.port.protocol || 'unnamed'}; only tcp settings apply`,
      );
  });
}

function checkListenerPort(report: Report, path: string, port: Port): void {
  if ((port.targetPort ?? 0) > 0)
    report.error('Unsupported', `${path}.port.targetPort`, 'targetPort has no effect in a Sidecar');
  if (port.name && !isDnsLabel(port.name))
    report.error('InvalidPortName', `${path}.port.name`, `${JSON.stringify(port.name)} is not a port name`);
  if (port.protocol && parseProtocol(port.protocol) === undefined)
    report.error(
      'InvalidProtocol',
      `${path}.port.protocol`,
      `${JSON.stringify(port.protocol)} is not a protocol; use one of ${protocols.join(', ')}`,
    );
}

function checkBindAddress(report: Report, path: string, bind: string | undefined): void {
  if (bind && !isIpAddress(bind))
    report.error('InvalidAddress', `${path}.bind`, `${JSON.stringify(bind)} is not an IP address`);
}

const loopbacks = ['', '127.0.0.1', '0.0.0.0', '::1', '::'];

function checkDefaultEndpoint(report: Report, path: string, endpoint: string): void {
  if (endpoint.startsWith(unixScheme)) {
    checkUnixSocket(report, path, endpoint);
    return;
  }
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(endpoint) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || !loopbacks.includes(host) || !/^\d+$/.test(port)) {
    report.error(
      'InvalidAddress',
      path,
      `${JSON.stringify(endpoint)} is none of 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT and unix:///path`,
    );
  } else checkPort(report, path, Number(port));
}

function checkIngressTls(report: Report, path: string, tls: ServerTLSSettings, port: Port): void {
  for (const field of [
    'subjectAltNames',
    'httpsRedirect',
    'credentialName',
    'credentialNames',
    'tlsCertificates',
  ] as const) {
    const value = tls[field];
    if (Array.isArray(value) ? value.length > 0 : value)
      report.error('Unsupported', `${path}.${field}`, `${field} is not supported in a Sidecar`);
  }
  if (tls.mode === 'ISTIO_MUTUAL' || tls.mode === 'AUTO_PASSTHROUGH')
    report.error('Unsupported', `${path}.mode`, `mode ${tls.mode} is not supported in a Sidecar`);
  if (!isTls(parseProtocol(port.protocol ?? '')))
    report.error('Conflict', path, `protocol ${port.protocol || 'unset'} has no tls; use HTTPS or TLS`);
  checkServerTls(report, path, tls);
}

function checkEgressListeners(
  report: Report,
  listeners: readonly IstioEgressListener[],
  namespace: string,
): void {
  const numbers = new Set<number>();
  const sockets = new Set<string>();
  let catchAll = false;
  listeners.forEach((listener, index) => {
    const at = item('spec.egress', index);
    if (listener.port === undefined) {
      if (catchAll) report.error('Duplicate', at, 'only one listener may leave out the port');
      else if (index !== listeners.length - 1)
        report.error(
          'InvalidOrder',
          at,
          'a listener without port stands for all other ports and must be the last one',
        );
      catchAll = true;
    } else {
      checkEgressPort(report, at, listener);
      const number = listener.port.number ?? 0;
      const bind = listener.bind ?? '';
      if (number === 0 ? sockets.has(bind) : numbers.has(number))
        report.error(
          'Duplicate',
          number === 0 ? `${at}.bind` : `${at}.port.number`,
          number === 0 ? `socket ${bind} is there twice` : `port ${number} is there twice`,
        );
      if (number === 0) sockets.add(bind);
      else numbers.add(number);
    }
    checkEgressHosts(report, at, listener.hosts ?? [], namespace);
  });
}

function checkEgressPort(report: Report, path: string, listener: IstioEgressListener): void {
  const { port = {}, bind = '', captureMode } = listener;
  checkListenerPort(report, path, port);
  if (port.number) {
    checkPort(report, `${path}.port.number`, port.number);
    checkBindAddress(report, path, bind);
    return;
  }
  if (bind.startsWith(unixScheme)) checkUnixSocket(report, `${path}.bind`, bind);
  else
    report.error(
      'InvalidPort',
      `${path}.port`,
      'a port number is required unless bind is a Unix domain socket',
    );
  if (captureMode === 'IPTABLES')
    report.error(
      'Conflict',
      `${path}.captureMode`,
      'a Unix domain socket cannot be captured; use DEFAULT or NONE',
    );
}

function checkEgressHosts(report: Report, path: string, hosts: readonly string[], namespace: string): void {
  if (hosts.length === 0) report.error('MissingField', `${path}.hosts`, 'at least one host is required');
  const seen = new Map<string, Set<string>>();
  hosts.forEach((text, index) => {
    const at = item(`${path}.hosts`, index);
    checkNamespacedHost(report, at, text, 'sidecar');
    const slash = text.indexOf('/');
    if (slash === -1 || text.startsWith('~')) return;
    const owner = text.slice(0, slash) === '.' ? namespace : text.slice(0, slash);
    const host = text.slice(slash + 1);
    const before = seen.get(owner) ?? new Set();
    if (host === '*' ? before.size > 0 : before.has(host) || before.has('*'))
      report.warning('Duplicate', at, `${text} is covered by another entry`);
    seen.set(owner, before.add(host));
  });
  if (seen.get('*')?.has('*') && seen.size > 1)
    report.warning('Duplicate', `${path}.hosts`, '*/* means everything; the other entries have no effect');
}

function checkOutboundPolicy(report: Report, path: string, policy: OutboundTrafficPolicy): void {
  const proxy = policy.egressProxy;
  if (proxy === undefined) return;
  const at = `${path}.egressProxy`;
  if (policy.mode !== 'ALLOW_ANY') {
    report.error('Conflict', at, 'egressProxy needs mode ALLOW_ANY');
    return;
  }
  const fault = proxy.host === undefined ? undefined : fqdnFault(proxy.host);
  if (fault !== undefined) report.error('InvalidHost', `${at}.host`, fault);
  if (proxy.port === undefined) report.error('MissingField', at, 'port is required');
  else checkDestination(report, at, proxy);
}

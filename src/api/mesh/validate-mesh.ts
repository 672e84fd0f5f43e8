import { parseDuration } from '../../base/duration.ts';
import { checkDuration, checkPort, isWhole } from '../rules/checks.ts';
import { checkClientTls } from '../rules/client-tls.ts';
import {
  fqdnFault,
  isAddressOrSubnet,
  isDnsLabel,
  isIpAddress,
  wildcardDomainFault,
} from '../rules/host-name.ts';
import { checkLocality, checkZoneAware } from '../rules/locality.ts';
import { checkRetries } from '../rules/retries.ts';
import { checkConnectionPool, checkOutlierDetection } from '../rules/traffic-policy.ts';
import { child, item, type Report } from '../schema/report.ts';
import { checkExtensionProviders } from './extension-provider.ts';
import type {
  ConnectionSettings,
  HTTPRetry,
  MeshConfig,
  MeshNetworks,
  MeshProxyConfig,
  Network,
  TLSConfig,
} from './types.gen.ts';

/** Rules of Istio's ValidateMeshConfig, for settings with the defaults filled in. */
export function checkMeshConfig(config: MeshConfig, report: Report, path: string): void {
  const at = (field: string) => child(path, field);
  checkPort(report, at('proxyListenPort'), config.proxyListenPort);
  checkConnectTimeout(report, at('connectTimeout'), config.connectTimeout);
  const detection = parseDuration(config.protocolDetectionTimeout ?? '0s') ?? 0;
  if (!isWhole(detection))
    report.error(
      'InvalidDuration',
      at('protocolDetectionTimeout'),
      `duration ${config.protocolDetectionTimeout} is finer than whole milliseconds`,
    );
  if (config.defaultConfig !== undefined) checkProxyConfig(config.defaultConfig, report, at('defaultConfig'));
  checkLocality(report, at('localityLbSetting'), config.localityLbSetting, true);
  checkZoneAware(report, at('zoneAwareLbSetting'), config.zoneAwareLbSetting, true);
  config.serviceSettings?.forEach((settings, index) => {
    settings.hosts?.forEach((host, h) => {
      const fault = wildcardDomainFault(host);
      if (fault !== undefined)
        report.error('InvalidHost', item(`${item(at('serviceSettings'), index)}.hosts`, h), fault);
    });
  });
  checkTrustDomain(report, at('trustDomain'), config.trustDomain ?? '');
  config.trustDomainAliases?.forEach((alias, index) => {
    checkTrustDomain(report, item(at('trustDomainAliases'), index), alias);
  });
  checkExtensionProviders(report, at('extensionProviders'), config.extensionProviders ?? []);
  if (config.meshMTLS?.ecdhCurves !== undefined)
    report.error(
      'Unsupported',
      `${at('meshMTLS')}.ecdhCurves`,
      'curves cannot be chosen for TLS within the mesh; use tlsDefaults',
    );
  checkCurves(report, `${at('tlsDefaults')}.ecdhCurves`, config.tlsDefaults);
  checkConnectionPool(
    report,
    `${at('defaultTrafficPolicy')}.connectionPool`,
    config.defaultTrafficPolicy?.connectionPool,
  );
  checkOutlierDetection(
    report,
    `${at('defaultTrafficPolicy')}.outlierDetection`,
    config.defaultTrafficPolicy?.outlierDetection,
  );
  checkInboundRetries(report, at('defaultInboundHttpRetryPolicy'), config.defaultInboundHttpRetryPolicy);
}

const hourMs = 3_600_000;

function checkConnectTimeout(report: Report, path: string, timeout: string | undefined): void {
  checkDuration(report, path, timeout);
  if ((parseDuration(timeout ?? '') ?? 0) > hourMs)
    report.error('InvalidDuration', path, `duration ${timeout} is longer than 1h`);
}

/** Labels and dots; one dot may end it. */
function checkTrustDomain(report: Report, path: string, domain: string): void {
  const labels = domain.split('.');
  if (labels.length > 1 && labels.at(-1) === '') labels.pop();
  if (!labels.every(isDnsLabel))
    report.error(
      'InvalidTrustDomain',
      path,
      `${JSON.stringify(domain)} is not a trust domain; it is written like a DNS name`,
    );
}

const curves = new Set([
  '',
  'P-224',
  'P-256',
  'P-521',
  'P-384',
  'X25519',
  'X25519Kyber768Draft00',
  'X25519MLKEM768',
]);

function checkCurves(report: Report, path: string, tls: TLSConfig | undefined): void {
  const seen = new Set<string>();
  tls?.ecdhCurves?.forEach((curve, index) => {
    if (!curves.has(curve))
      report.warning('UnknownCurve', item(path, index), `${JSON.stringify(curve)} is not a known curve`);
    else if (seen.has(curve)) report.warning('Duplicate', item(path, index), `${curve} is there twice`);
    seen.add(curve);
  });
}

function checkInboundRetries(report: Report, path: string, retries: HTTPRetry | undefined): void {
  if (retries === undefined) return;
  checkRetries(report, path, retries);
  if (!retries.attempts && retries.backoff !== undefined)
    report.error('InvalidRetries', `${path}.backoff`, 'attempts is 0, which turns retries off');
  for (const field of ['perTryTimeout', 'retryRemoteLocalities', 'retryIgnorePreviousHosts'] as const) {
    if (retries[field] !== undefined)
      report.warning('IneffectiveSettings', `${path}.${field}`, `${field} has no effect on inbound routes`);
  }
}

/** Rules of Istio's ValidateMeshConfigProxyConfig. */
export function checkProxyConfig(config: MeshProxyConfig, report: Report, path: string): void {
  const at = (field: string) => child(path, field);
  for (const field of ['configPath', 'binaryPath', 'discoveryAddress'] as const) {
    if (!config[field]) report.error('MissingField', at(field), `${field} may not be empty`);
  }
  if (config.serviceCluster === '')
    report.error('MissingField', at('serviceCluster'), 'serviceCluster may not be empty');
  checkDuration(report, at('drainDuration'), config.drainDuration);
  if (!isWhole((parseDuration(config.drainDuration ?? '1s') ?? 0) / 1000))
    report.error(
      'InvalidDuration',
      at('drainDuration'),
      `duration ${config.drainDuration} is finer than whole seconds`,
    );
  const addresses: [string, string | undefined][] = [
    ['discoveryAddress', config.discoveryAddress],
    ['statsdUdpAddress', config.statsdUdpAddress],
    ['envoyMetricsServiceAddress', config.envoyMetricsServiceAddress],
    ['envoyMetricsService.address', config.envoyMetricsService?.address],
    ['envoyAccessLogService.address', config.envoyAccessLogService?.address],
  ];
  for (const [field, address] of addresses)
    if (address) checkHostPort(report, `${path === '' ? '' : `${path}.`}${field}`, address);
  checkTracing(config, report, at('tracing'));
  if (Object.hasOwn(config.proxyMetadata ?? {}, 'ISTIO_META_DNS_AUTO_ALLOCATE'))
    report.warning(
      'Deprecated',
      child(at('proxyMetadata'), 'ISTIO_META_DNS_AUTO_ALLOCATE'),
      'addresses are given to ServiceEntries by the control plane now',
    );
  checkPort(report, at('proxyAdminPort'), config.proxyAdminPort);
  checkPort(report, at('statusPort'), config.statusPort);
  if (config.controlPlaneAuthPolicy === 'INHERIT')
    report.error('InvalidValue', at('controlPlaneAuthPolicy'), 'must be NONE or MUTUAL_TLS');
  checkKeyProvider(config, report, at('privateKeyProvider'));
  checkConnectionSettings(report, at('connectionSettings'), config.connectionSettings ?? {});
}

function checkTracing(config: MeshProxyConfig, report: Report, path: string): void {
  const { zipkin, lightstep, datadog, tlsSettings } = config.tracing ?? {};
  for (const [name, tracer] of [
    ['zipkin', zipkin],
    ['lightstep', lightstep],
    ['datadog', datadog],
  ] as const) {
    if (tracer !== undefined)
      checkHostPort(
        report,
        `${path}.${name}.address`,
        (tracer.address ?? '').replace('$(HOST_IP)', '127.0.0.1'),
      );
  }
  if (lightstep !== undefined && !lightstep.accessToken)
    report.error('MissingField', `${path}.lightstep`, 'accessToken is required');
  checkClientTls(report, `${path}.tlsSettings`, tlsSettings, '');
}

/** `host:port`, `[::1]:port`. */
function checkHostPort(report: Report, path: string, address: string): void {
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || !/^\d+$/.test(port))
    report.error('InvalidAddress', path, `${JSON.stringify(address)} must have the form host:port`);
  else {
    checkPort(report, path, Number(port));
    if (fqdnFault(host) !== undefined && !isIpAddress(host))
      report.error(
        'InvalidAddress',
        path,
        `${JSON.stringify(host)} is neither a host name nor an IP address`,
      );
  }
}

function checkKeyProvider(config: MeshProxyConfig, report: Report, path: string): void {
  const provider = config.privateKeyProvider;
  if (provider === undefined) return;
  const name = provider.cryptomb !== undefined ? 'cryptomb' : 'qat';
  const settings = provider[name];
  if (settings === undefined) report.error('MissingField', path, 'one of cryptomb and qat is required');
  else if (!parseDuration(settings.pollDelay ?? '0s'))
    report.error('MissingField', `${path}.${name}`, 'pollDelay is required and may not be zero');
}

const minimumWindow = 65535;
const lowest: Readonly<Record<string, number>> = {
  listenerPerConnectionBufferLimitBytes: 0,
  clusterPerConnectionBufferLimitBytes: 0,
  httpMaxConcurrentStreams: 1,
  http2InitialStreamWindowSize: minimumWindow,
  http2InitialConnectionWindowSize: minimumWindow,
  listenerConnectionLimit: 1,
  globalDownstreamConnectionLimit: 1,
};

function checkConnectionSettings(report: Report, path: string, settings: ConnectionSettings): void {
  for (const [field, value] of Object.entries(settings)) {
    const least = lowest[field];
    if (typeof value === 'number' && least !== undefined && value < least)
      report.error('OutOfRange', child(path, field), `${value} is less than ${least}`);
    if (typeof value === 'string' && (parseDuration(value) ?? 0) < 0)
      report.error('InvalidDuration', child(path, field), `duration ${value} is negative`);
  }
}

/** Rules of Istio's ValidateMeshNetworks; gateways may be host names, as with RESOLVE_HOSTNAME_GATEWAYS. */
export function checkMeshNetworks(config: MeshNetworks, report: Report, path: string): void {
  for (const [name, network] of Object.entries(config.networks ?? {}))
    checkNetwork(report, child(child(path, 'networks'), name), network);
}

function checkNetwork(report: Report, path: string, network: Network): void {
  network.endpoints?.forEach((endpoint, index) => {
    const at = item(`${path}.endpoints`, index);
    if (endpoint.fromCidr !== undefined && !isAddressOrSubnet(endpoint.fromCidr))
      report.error(
        'InvalidAddress',
        `${at}.fromCidr`,
        `${JSON.stringify(endpoint.fromCidr)} is not a subnet`,
      );
    if (endpoint.fromRegistry !== undefined && !isDnsLabel(endpoint.fromRegistry))
      report.error(
        'InvalidName',
        `${at}.fromRegistry`,
        `${JSON.stringify(endpoint.fromRegistry)} is not the name of a cluster`,
      );
  });
  network.gateways?.forEach((gateway, index) => {
    const at = item(`${path}.gateways`, index);
    const { registryServiceName: service, address } = gateway;
    const fault = service === undefined ? undefined : fqdnFault(service);
    if (fault !== undefined) report.error('InvalidHost', `${at}.registryServiceName`, fault);
    if (address !== undefined && !isIpAddress(address) && fqdnFault(address) !== undefined)
      report.error(
        'InvalidAddress',
        `${at}.address`,
        `${JSON.stringify(address)} is neither an IP address nor a host name`,
      );
    checkPort(report, `${at}.port`, gateway.port);
  });
}

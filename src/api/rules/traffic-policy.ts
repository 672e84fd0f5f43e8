import { parseDuration } from '../../base/duration.ts';
import type {
  ConnectionPoolSettings,
  ConsistentHashLB,
  HTTPCookie,
  HTTPSettings,
  LoadBalancerSettings,
  OutlierDetection,
  TCPSettings,
  WarmupConfiguration,
} from '../networking/types.gen.ts';
import { item, type Report } from '../schema/report.ts';
import { checkDuration, checkPercent } from './checks.ts';
import { checkLocality, checkZoneAware } from './locality.ts';

export function checkOutlierDetection(
  report: Report,
  path: string,
  outlier: OutlierDetection | undefined,
): void {
  if (outlier === undefined) return;
  checkDuration(report, `${path}.baseEjectionTime`, outlier.baseEjectionTime);
  checkDuration(report, `${path}.interval`, outlier.interval);
  if (outlier.consecutiveErrors)
    report.warning(
      'Deprecated',
      `${path}.consecutiveErrors`,
      'use consecutiveGatewayErrors or consecutive5xxErrors instead of consecutiveErrors',
    );
  if (!outlier.splitExternalLocalOriginErrors && (outlier.consecutiveLocalOriginFailures ?? 0) > 0)
    report.error(
      'InvalidOutlierDetection',
      `${path}.consecutiveLocalOriginFailures`,
      'consecutiveLocalOriginFailures needs splitExternalLocalOriginErrors: true',
    );
  checkPercent(report, `${path}.maxEjectionPercent`, outlier.maxEjectionPercent);
  checkPercent(report, `${path}.minHealthPercent`, outlier.minHealthPercent);
}

export function checkConnectionPool(
  report: Report,
  path: string,
  pool: ConnectionPoolSettings | undefined,
): void {
  if (pool === undefined) return;
  if (pool.http === undefined && pool.tcp === undefined)
    report.error('MissingField', path, 'one of tcp and http is required');
  if (pool.http !== undefined) checkHttpSettings(report, `${path}.http`, pool.http);
  if (pool.tcp !== undefined) checkTcpSettings(report, `${path}.tcp`, pool.tcp);
}

function checkHttpSettings(report: Report, path: string, http: HTTPSettings): void {
  for (const field of [
    'http1MaxPendingRequests',
    'http2MaxRequests',
    'maxRequestsPerConnection',
    'maxRetries',
    'maxConcurrentStreams',
  ] as const)
    checkNotNegative(report, `${path}.${field}`, http[field]);
  checkDuration(report, `${path}.idleTimeout`, http.idleTimeout);
  if (http.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol)
    report.error(
      'Conflict',
      `${path}.useClientProtocol`,
      'useClientProtocol may not be true when h2UpgradePolicy is UPGRADE',
    );
  if (http.http2KeepAlive === undefined) return;
  for (const field of ['interval', 'timeout'] as const) {
    const at = `${path}.http2KeepAlive`;
    if (http.http2KeepAlive[field] === undefined) report.error('MissingField', at, `${field} is required`);
    checkDuration(report, `${at}.${field}`, http.http2KeepAlive[field]);
  }
}

function checkTcpSettings(report: Report, path: string, tcp: TCPSettings): void {
  checkNotNegative(report, `${path}.maxConnections`, tcp.maxConnections);
  checkDuration(report, `${path}.connectTimeout`, tcp.connectTimeout);
  checkDuration(report, `${path}.maxConnectionDuration`, tcp.maxConnectionDuration);
  // 0s turns the limit off; Istio looks at whole milliseconds to see a zero.
  if (Math.trunc(parseDuration(tcp.idleTimeout ?? '0s') ?? 0) !== 0)
    checkDuration(report, `${path}.idleTimeout`, tcp.idleTimeout);
  checkDuration(report, `${path}.tcpKeepalive.time`, tcp.tcpKeepalive?.time);
  checkDuration(report, `${path}.tcpKeepalive.interval`, tcp.tcpKeepalive?.interval);
}

function checkNotNegative(report: Report, path: string, value: number | undefined): void {
  if (value !== undefined && value < 0) report.error('OutOfRange', path, `${value} is negative`);
}

export function checkLoadBalancer(
  report: Report,
  path: string,
  balancer: LoadBalancerSettings | undefined,
  outlier: OutlierDetection | undefined,
): void {
  if (balancer === undefined) return;
  if (balancer.consistentHash !== undefined)
    checkConsistentHash(report, `${path}.consistentHash`, balancer.consistentHash);
  if (balancer.localityLbSetting !== undefined && balancer.zoneAwareLbSetting !== undefined)
    report.error(
      'Conflict',
      `${path}.zoneAwareLbSetting`,
      'only one of localityLbSetting and zoneAwareLbSetting may be set',
    );
  checkLocality(report, `${path}.localityLbSetting`, balancer.localityLbSetting, outlier !== undefined);
  checkZoneAware(report, `${path}.zoneAwareLbSetting`, balancer.zoneAwareLbSetting, outlier !== undefined);
  if (balancer.warmup !== undefined) checkWarmup(report, `${path}.warmup`, balancer.warmup);
}

function checkWarmup(report: Report, path: string, warmup: WarmupConfiguration): void {
  checkDuration(report, `${path}.duration`, warmup.duration);
  if ((warmup.minimumPercent ?? 0) > 100)
    report.error('InvalidPercentage', `${path}.minimumPercent`, 'is greater than 100');
  if (warmup.aggression !== undefined && warmup.aggression <= 0)
    report.error('OutOfRange', `${path}.aggression`, 'must be greater than 0');
}

/** Envoy's largest Maglev table. */
const maxTableSize = 5_000_011;

function checkConsistentHash(report: Report, path: string, hash: ConsistentHashLB): void {
  if (hash.httpCookie !== undefined) checkCookie(report, `${path}.httpCookie`, hash.httpCookie);
  if (hash.minimumRingSize) {
    report.warning(
      'Deprecated',
      `${path}.minimumRingSize`,
      'use ringHash.minimumRingSize instead of minimumRingSize',
    );
    if (hash.ringHash !== undefined || hash.maglev !== undefined)
      report.error(
        'Conflict',
        `${path}.minimumRingSize`,
        'minimumRingSize may not be set together with ringHash or maglev',
      );
  }
  if (hash.maglev === undefined) return;
  const size = hash.maglev.tableSize ?? 0;
  const at = `${path}.maglev`;
  if (size === 0) report.error('MissingField', at, 'tableSize is required');
  else if (size >= maxTableSize)
    report.error('OutOfRange', `${at}.tableSize`, `tableSize ${size} is not below ${maxTableSize}`);
  else if (!isPrime(size))
    report.error('InvalidValue', `${at}.tableSize`, `tableSize ${size} is not a prime number`);
}

function checkCookie(report: Report, path: string, cookie: HTTPCookie): void {
  if (cookie.name === '') report.error('MissingField', path, 'a cookie needs a name');
  const seen = new Set<string>();
  cookie.attributes?.forEach((attribute, index) => {
    const at = `${item(`${path}.attributes`, index)}.name`;
    if (attribute.name === '') report.error('MissingField', at, 'an attribute needs a name');
    else if (seen.has(attribute.name))
      report.error('Duplicate', at, `attribute ${attribute.name} is there twice`);
    seen.add(attribute.name);
  });
}

/** Istio counts 1 as prime. */
function isPrime(number: number): boolean {
  if (number < 4) return number > 0;
  if (number % 2 === 0) return false;
  for (let factor = 3; factor * factor <= number; factor += 2) if (number % factor === 0) return false;
  return true;
}

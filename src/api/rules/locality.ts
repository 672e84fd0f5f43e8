import { item, type Report } from '../schema/report.ts';

interface Failover {
  readonly from?: string;
  readonly to?: string;
}

export interface LocalitySetting {
  readonly distribute?: readonly { readonly from?: string; readonly to?: Readonly<Record<string, number>> }[];
  readonly failover?: readonly Failover[];
  readonly failoverPriority?: readonly string[];
}

const topologyLabels = [
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
];

/** Rules of Istio's ValidateLocalityLbSetting. */
export function checkLocality(
  report: Report,
  path: string,
  setting: LocalitySetting | undefined,
  hasOutlierDetection: boolean,
): void {
  if (setting === undefined) return;
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (distribute.length > 0 && failover.length > 0) {
    report.error('Conflict', `${path}.failover`, 'only one of distribute and failover may be set');
    return;
  }
  const topology = failoverPriority.findIndex((label) => topologyLabels.includes(label));
  if (failover.length > 0 && topology >= 0) {
    report.error(
      'Conflict',
      item(`${path}.failoverPriority`, topology),
      `${failoverPriority[topology]} may not be used together with failover`,
    );
    return;
  }
  distribute.forEach((entry, index) => {
    checkShares(report, `${item(`${path}.distribute`, index)}.to`, entry.to ?? {});
  });
  checkDisjoint(
    report,
    `${path}.distribute`,
    distribute.map((entry) => entry.from ?? ''),
  );
  checkFailover(report, path, setting, hasOutlierDetection);
}

/** Rules of Istio's ValidateZoneAwareLbSetting. */
export function checkZoneAware(
  report: Report,
  path: string,
  setting: LocalitySetting | undefined,
  hasOutlierDetection: boolean,
): void {
  setting?.failoverPriority?.forEach((label, index) => {
    if (topologyLabels.includes(label))
      report.error(
        'InvalidFailover',
        item(`${path}.failoverPriority`, index),
        `${label} has no place here: regions and zones are ranked without it`,
      );
  });
  if (setting !== undefined) checkFailover(report, path, setting, hasOutlierDetection);
}

function checkFailover(
  report: Report,
  path: string,
  setting: LocalitySetting,
  hasOutlierDetection: boolean,
): void {
  const { failover = [], failoverPriority = [] } = setting;
  if (failover.length + failoverPriority.length > 0 && !hasOutlierDetection)
    report.warning(
      'NoOutlierDetection',
      path,
      'failover needs outlierDetection in the same policy, or no endpoint ever counts as failed',
    );
  failover.forEach(({ from = '', to = '' }, index) => {
    const at = item(`${path}.failover`, index);
    if (from === to) report.error('InvalidFailover', at, 'from and to are the same region');
    if (from.includes('/') || to.includes('/'))
      report.error('InvalidFailover', at, 'name regions only; zones fail over by themselves');
    if (from.includes('*') || to.includes('*'))
      report.error('InvalidFailover', at, 'a region may not hold a wildcard');
  });
}

function checkShares(report: Report, path: string, shares: Readonly<Record<string, number>>): void {
  const weights = Object.values(shares);
  if (weights.some((weight) => weight < 1 || weight > 100)) {
    report.error('InvalidWeight', path, 'each share must be 1 to 100');
    return;
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total !== 100) report.error('InvalidWeight', path, `the shares sum to ${total}, not 100`);
  else checkDisjoint(report, path, Object.keys(shares));
}

/** No locality may lie within one before it. */
function checkDisjoint(report: Report, path: string, localities: readonly string[]): void {
  const seen: string[][] = [];
  for (const locality of localities) {
    const parts = splitLocality(locality);
    if (typeof parts === 'string') report.error('InvalidLocality', path, parts);
    else if (seen.some((before) => before[0] === '*' || overlap(before, parts)))
      report.error('InvalidLocality', path, `${locality} overlaps with another locality`);
    if (typeof parts !== 'string') seen.push(parts);
    else return;
  }
}

function splitLocality(locality: string): string[] | string {
  const stars = locality.split('*').length - 1;
  if (stars > 1 || (stars === 1 && !locality.endsWith('*')))
    return `${JSON.stringify(locality)} may hold one wildcard, at its end`;
  const [region = '', zone, ...rest] = locality.split('/');
  const parts = [
    region,
    ...(zone === undefined ? [] : [zone]),
    ...(rest.length === 0 ? [] : [rest.join('/')]),
  ];
  return parts.includes('') ? `${JSON.stringify(locality)} has an empty region, zone or sub-zone` : parts;
}

/** Whether two localities meet when missing parts mean "any"; a `*` is only compared as text once given. */
function overlap(a: readonly string[], b: readonly string[]): boolean {
  for (let level = 0; level < 3; level++) {
    if (a[level] === undefined || b[level] === undefined) return true;
    if (a[level] === '*' || a[level] === b[level]) continue;
    return false;
  }
  return true;
}

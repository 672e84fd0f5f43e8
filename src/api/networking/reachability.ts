import { stableJson } from '../../base/hash.ts';
import { item, type Report } from '../schema/report.ts';
import type { HTTPMatchRequest, HTTPRoute, StringMatch, VirtualServiceSpec } from './types.gen.ts';

interface Rule {
  readonly name?: string;
  readonly match?: readonly object[];
}

/** Warns of rules that an earlier one leaves nothing for (Istio's analyzeUnreachable*Rules). */
export function checkReachability(spec: VirtualServiceSpec, report: Report): void {
  for (const kind of ['http', 'tls', 'tcp'] as const) {
    const rules: readonly Rule[] = spec[kind] ?? [];
    if (rules.length > 1 || (rules[0]?.match?.length ?? 0) > 1) checkRules(rules, `spec.${kind}`, report);
  }
  if ((spec.http?.length ?? 0) > 0) checkPrefixes(spec.http ?? [], report);
}

function checkRules(rules: readonly Rule[], base: string, report: Report): void {
  const seen = new Map<string, number>();
  let catchAll = -1;
  rules.forEach((rule, index) => {
    const path = item(base, index);
    if (!rule.match?.length) {
      if (catchAll >= 0) unreachable(report, path, 'only the last rule can be without match');
      catchAll = index;
      return;
    }
    let duplicates = 0;
    rule.match.forEach((match, m) => {
      if (catchAll >= 0) {
        unreachable(report, path, `rule ${nameOf(rules, catchAll)} without match stands before it`);
        return;
      }
      const { name: _name, ...condition } = match as HTTPMatchRequest;
      const key = stableJson(condition);
      const before = seen.get(key);
      if (before === undefined) seen.set(key, index);
      else {
        duplicates++;
        report.warning(
          'IneffectiveMatch',
          item(`${path}.match`, m),
          `is not used: rule ${nameOf(rules, before)} has the same match`,
        );
      }
    });
    if (duplicates === rule.match.length) unreachable(report, path, 'earlier rules use all its matches');
  });
}

function unreachable(report: Report, path: string, why: string): void {
  report.warning('UnreachableRule', path, `is not used: ${why}`);
}

function nameOf(rules: readonly Rule[], index: number): string {
  const name = rules[index]?.name;
  return name ? JSON.stringify(name) : `#${index}`;
}

interface PrefixMatch {
  readonly path: string;
  readonly rule: string;
  readonly prefix: string;
  readonly port: number;
  readonly conditions: readonly ReadonlyMap<string, string>[];
}

/** A prefix match that a shorter prefix before it covers never gets a request. */
function checkPrefixes(routes: readonly HTTPRoute[], report: Report): void {
  const matches: PrefixMatch[] = [];
  routes.forEach((route, r) => {
    route.match?.forEach((match, m) => {
      if (match.uri?.prefix)
        matches.push(prefixMatch(match, `spec.http[${r}].match[${m}]`, nameOf(routes, r)));
    });
  });
  matches.forEach((first, index) => {
    for (const later of matches.slice(index + 1)) {
      if (first.prefix !== later.prefix && covers(first, later))
        report.warning(
          'IneffectiveMatch',
          later.path,
          `is not used: rule ${first.rule} with prefix ${first.prefix} takes all of prefix ${later.prefix}`,
        );
    }
  });
}

function prefixMatch(match: HTTPMatchRequest, path: string, rule: string): PrefixMatch {
  const single = (condition: StringMatch | undefined, absent: string) =>
    new Map([['', condition === undefined ? absent : written(condition, absent)]]);
  const several = (conditions: Record<string, StringMatch> | undefined) =>
    new Map(Object.entries(conditions ?? {}).map(([name, condition]) => [name, written(condition, '')]));
  return {
    path,
    rule,
    prefix: match.uri?.prefix ?? '',
    port: match.port ?? 0,
    conditions: [
      single(match.method, 'exact:GET'),
      single(match.authority, ''),
      several(match.headers),
      several(match.queryParams),
      several(match.withoutHeaders),
    ],
  };
}

function written(condition: StringMatch, absent: string): string {
  if (condition.exact) return `exact:${condition.exact}`;
  return condition.prefix ? `prefix:${condition.prefix}` : absent;
}

function covers(first: PrefixMatch, later: PrefixMatch): boolean {
  if (!later.prefix.startsWith(first.prefix) || later.port !== first.port) return false;
  return first.conditions.every((conditions, index) => {
    const others = later.conditions[index] as ReadonlyMap<string, string>;
    if (conditions.size !== others.size) return false;
    return [...conditions].every(([name, value]) => {
      const other = others.get(name);
      return other !== undefined && value.startsWith(other);
    });
  });
}

import { checkSelector } from '../rules/checks.ts';
import type { Report } from '../schema/report.ts';
import type { ProxyConfigSpec } from './types.gen.ts';

/** Rules of Istio's ValidateProxyConfig; the schema refuses a negative concurrency. */
export function validateProxyConfig(spec: ProxyConfigSpec, report: Report): void {
  checkSelector(report, 'spec.selector', spec.selector);
}

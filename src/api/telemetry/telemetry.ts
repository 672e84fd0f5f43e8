import { checkAttachment } from '../rules/checks.ts';
import { child, item, type Report } from '../schema/report.ts';
import { celSyntaxFault } from './cel-syntax.ts';
import type { CustomTag, Metrics, TelemetrySpec } from './types.gen.ts';

/** Rules of Istio's ValidateTelemetry. */
export function validateTelemetry(spec: TelemetrySpec, report: Report): void {
  checkAttachment(report, spec);
  if ((spec.tracing?.length ?? 0) > 1)
    report.warning('Unsupported', 'spec.tracing', 'only one entry is used');
  spec.tracing?.forEach((tracing, index) => {
    const at = item('spec.tracing', index);
    if ((tracing.providers?.length ?? 0) > 1)
      report.warning('Unsupported', `${at}.providers`, 'only one provider is used');
    for (const [name, tag] of Object.entries(tracing.customTags ?? {}))
      checkTag(report, `${at}.customTags`, name, tag);
  });
  spec.accessLogging?.forEach((logging, index) => {
    const expression = logging.filter?.expression;
    const fault = expression === undefined ? undefined : celSyntaxFault(expression);
    if (fault !== undefined)
      report.error(
        'InvalidExpression',
        `${item('spec.accessLogging', index)}.filter.expression`,
        `not a CEL expression: ${fault}`,
      );
  });
  spec.metrics?.forEach((metrics, index) => {
    checkMetrics(report, item('spec.metrics', index), metrics);
  });
}

function checkTag(report: Report, path: string, name: string, tag: CustomTag): void {
  const at = child(path, name);
  if (name === '') report.error('MissingField', at, 'a tag needs a name');
  if (tag.literal?.value === '') report.error('EmptyValue', `${at}.literal.value`, 'may not be empty');
}

function checkMetrics(report: Report, path: string, metrics: Metrics): void {
  metrics.overrides?.forEach((override, index) => {
    for (const [name, change] of Object.entries(override.tagOverrides ?? {})) {
      const at = child(`${item(`${path}.overrides`, index)}.tagOverrides`, name);
      if (name === '') report.warning('EmptyValue', at, 'a tag needs a name');
      if (change.operation === 'REMOVE') {
        if (change.value !== undefined)
          report.error('Conflict', `${at}.value`, 'value may not be set when operation is REMOVE');
      } else if (!change.value)
        report.error('MissingField', at, 'value is required when operation is UPSERT');
    }
  });
}

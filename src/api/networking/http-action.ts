import { checkDuration, checkPort, checkRegex } from '../rules/checks.ts';
import { isGrpcStatus } from '../rules/retries.ts';
import type { Report } from '../schema/report.ts';
import type {
  FaultAbort,
  FaultDelay,
  HTTPDirectResponse,
  HTTPFaultInjection,
  HTTPMatchRequest,
  HTTPRedirect,
  HTTPRewrite,
  Percent,
} from './types.gen.ts';

export function checkRedirect(
  report: Report,
  path: string,
  redirect: HTTPRedirect,
  matches: readonly HTTPMatchRequest[],
): void {
  const { uri, prefixRewrite, authority, scheme, redirectCode: code, port } = redirect;
  if (uri && prefixRewrite)
    report.error('Conflict', `${path}.prefixRewrite`, 'only one of uri and prefixRewrite may be set');
  if (prefixRewrite && matches.some((match) => match.uri !== undefined && match.uri.prefix === undefined))
    report.error(
      'InvalidRedirect',
      `${path}.prefixRewrite`,
      'prefixRewrite needs every uri match to be a prefix match',
    );
  if (
    !uri &&
    !prefixRewrite &&
    !authority &&
    !scheme &&
    port === undefined &&
    redirect.derivePort === undefined
  )
    report.error(
      'InvalidRedirect',
      path,
      'one of uri, prefixRewrite, authority, scheme, port and derivePort is required',
    );
  if (code && (code < 300 || code > 399))
    report.error('InvalidStatus', `${path}.redirectCode`, `${code} is not a redirect status, 300 to 399`);
  if (scheme && scheme !== 'http' && scheme !== 'https')
    report.error(
      'InvalidRedirect',
      `${path}.scheme`,
      `scheme must be http or https, not ${JSON.stringify(scheme)}`,
    );
  if (port) checkPort(report, `${path}.port`, port);
}

const warnBytes = 100 * 1024;
const maxBytes = 1024 * 1024;

export function checkDirectResponse(report: Report, path: string, response: HTTPDirectResponse): void {
  const { string, bytes } = response.body ?? {};
  const size =
    string !== undefined
      ? Buffer.byteLength(string)
      : Math.floor(((bytes ?? '').replace(/=+$/, '').length * 3) / 4);
  if (size > maxBytes) report.error('BodyTooLarge', `${path}.body`, 'body is larger than 1 MiB');
  else if (size > warnBytes)
    report.warning(
      'BodyTooLarge',
      `${path}.body`,
      'a large body makes the configuration of every proxy large',
    );
  checkStatus(report, `${path}.status`, response.status);
}

/** Istio takes 600 as well, though its message says 599. */
function checkStatus(report: Report, path: string, status: number | undefined): void {
  if (status === undefined || status < 200 || status > 600)
    report.error('InvalidStatus', path, `status ${status ?? 0} is not in the range 200 to 599`);
}

export function checkRewrite(report: Report, path: string, rewrite: HTTPRewrite): void {
  const regex = rewrite.uriRegexRewrite;
  if (rewrite.uri && regex !== undefined)
    report.error('Conflict', `${path}.uriRegexRewrite`, 'only one of uri and uriRegexRewrite may be set');
  else if (!rewrite.uri && regex === undefined && !rewrite.authority)
    report.error('InvalidRewrite', path, 'one of uri, uriRegexRewrite and authority is required');
  else if (regex !== undefined) {
    if (!regex.match || !regex.rewrite)
      report.error('InvalidRewrite', `${path}.uriRegexRewrite`, 'both match and rewrite are required');
    else checkRegex(report, `${path}.uriRegexRewrite.match`, regex.match);
  }
}

export function checkFault(report: Report, path: string, fault: HTTPFaultInjection): void {
  if (fault.abort === undefined && fault.delay === undefined)
    report.error('InvalidFault', path, 'one of delay and abort is required');
  if (fault.abort !== undefined) checkAbort(report, `${path}.abort`, fault.abort);
  if (fault.delay !== undefined) checkDelay(report, `${path}.delay`, fault.delay);
}

function checkAbort(report: Report, path: string, abort: FaultAbort): void {
  checkShare(report, `${path}.percentage`, abort.percentage);
  if (abort.grpcStatus !== undefined) {
    if (!isGrpcStatus(abort.grpcStatus))
      report.error(
        'InvalidStatus',
        `${path}.grpcStatus`,
        `${JSON.stringify(abort.grpcStatus)} is not the name of a gRPC status, such as UNAVAILABLE`,
      );
  } else if (abort.http2Error !== undefined)
    report.error(
      'Unsupported',
      `${path}.http2Error`,
      'http2Error is not supported; use httpStatus or grpcStatus',
    );
  else if (abort.httpStatus !== undefined) checkStatus(report, `${path}.httpStatus`, abort.httpStatus);
  else report.warning('InvalidFault', path, 'abort does nothing without httpStatus or grpcStatus');
}

function checkDelay(report: Report, path: string, delay: FaultDelay): void {
  checkShare(report, `${path}.percentage`, delay.percentage);
  checkDuration(report, `${path}.fixedDelay`, delay.fixedDelay);
  if (delay.exponentialDelay === undefined) return;
  checkDuration(report, `${path}.exponentialDelay`, delay.exponentialDelay);
  report.error(
    'Unsupported',
    `${path}.exponentialDelay`,
    'exponentialDelay is not supported; use fixedDelay',
  );
}

/** 0, or 0.0001 to 100. */
function checkShare(report: Report, path: string, percentage: Percent | undefined): void {
  const value = percentage?.value ?? 0;
  if (value < 0 || value > 100 || (value > 0 && value < 0.0001))
    report.error(
      'InvalidPercentage',
      `${path}.value`,
      `${value} is neither 0 nor in the range 0.0001 to 100`,
    );
}

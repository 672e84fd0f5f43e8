import { ConfigFault, within } from '../../match/config-fault.ts';
import { inFraction } from '../../match/fraction.ts';
import { compileHeaderMatcher } from '../../match/header-match.ts';
import { compileMetadataMatcher, valueAt } from '../../match/value-match.ts';
import { unpack } from '../../xds/message.ts';
import type { AccessLog, AccessLogFilter, ComparisonFilter } from '../../xds/messages/access-log.ts';
import { FileAccessLog, StderrAccessLog, StdoutAccessLog } from '../../xds/messages/access-log.ts';
import type { SubstitutionFormatString } from '../../xds/messages/core.ts';
import { compileText, type FormatContext, FormatError } from '../access-log/format.ts';
import { compileJson } from '../access-log/json-format.ts';
import { AccessLogger } from '../access-log/logger.ts';
import { responseFlagOf } from '../http/response-flag.ts';
import type { CompileContext } from './compile-context.ts';
import { readDataSource } from './data-source.ts';

type Test = (context: FormatContext) => boolean;
type Render = (context: FormatContext) => string;

export const defaultFormat =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n';

/** Compiles a list of access logs. */
export function compileAccessLogs(logs: readonly AccessLog[], ctx: CompileContext): AccessLogger[] {
  return logs.map((log, i) =>
    within(`access_log[${i}]`, () => {
      const filter = log.filter === undefined ? undefined : compileFilter(log.filter, ctx);
      const file = unpack(log.typed_config, FileAccessLog);
      if (file !== undefined) return new AccessLogger(filter, fileFormat(file), ctx.logSink(file.path));
      const stdout = unpack(log.typed_config, StdoutAccessLog);
      if (stdout !== undefined)
        return new AccessLogger(filter, format(stdout.log_format), ctx.logSink('/dev/stdout'));
      const stderr = unpack(log.typed_config, StderrAccessLog);
      return new AccessLogger(filter, format(stderr?.log_format), ctx.logSink('/dev/stderr'));
    }),
  );
}

function fileFormat(file: FileAccessLog): Render {
  if (file.format !== undefined && file.format !== '') return text(file.format, '-');
  const json = file.json_format ?? file.typed_json_format;
  if (json !== undefined) return jsonLine(json, false);
  return format(file.log_format);
}

function format(config: SubstitutionFormatString | undefined): Render {
  if (config?.json_format !== undefined) return jsonLine(config.json_format, config.omit_empty_values);
  const source =
    config?.text_format ??
    (config?.text_format_source && readDataSource(config.text_format_source).toString('utf8'));
  return text(source || defaultFormat, config?.omit_empty_values ? '' : '-');
}

function text(source: string, absent: string): Render {
  return guarded(() => compileText(source, absent));
}

function jsonLine(source: Readonly<Record<string, unknown>>, omitEmpty: boolean): Render {
  return guarded(() => compileJson(source, omitEmpty));
}

function guarded<T>(compile: () => T): T {
  try {
    return compile();
  } catch (thrown) {
    if (thrown instanceof FormatError) throw new ConfigFault('log_format', thrown.message);
    throw thrown;
  }
}

/** Compiles an access-log filter. */
export function compileFilter(filter: AccessLogFilter, ctx: CompileContext): Test {
  if (filter.and_filter !== undefined) {
    const tests = filter.and_filter.filters.map((f) => compileFilter(f, ctx));
    return (c) => tests.every((test) => test(c));
  }
  if (filter.or_filter !== undefined) {
    const tests = filter.or_filter.filters.map((f) => compileFilter(f, ctx));
    return (c) => tests.some((test) => test(c));
  }
  if (filter.status_code_filter !== undefined) {
    const compare = comparison(filter.status_code_filter.comparison, ctx);
    return (c) => compare(c.info.responseCode);
  }
  if (filter.duration_filter !== undefined) {
    const compare = comparison(filter.duration_filter.comparison, ctx);
    return (c) => compare(c.info.complete - c.info.start);
  }
  return otherFilter(filter, ctx);
}

function comparison({ op, value }: ComparisonFilter, ctx: CompileContext): (actual: number) => boolean {
  const wanted = () => {
    const override = value.runtime_key === '' ? undefined : ctx.runtime(value.runtime_key);
    return typeof override === 'number' ? override : value.default_value;
  };
  if (op === 'EQ') return (actual) => actual === wanted();
  if (op === 'GE') return (actual) => actual >= wanted();
  if (op === 'NE') return (actual) => actual !== wanted();
  return (actual) => actual <= wanted();
}

const grpcStatuses = [
  'OK',
  'CANCELED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

function otherFilter(filter: AccessLogFilter, ctx: CompileContext): Test {
  if (filter.not_health_check_filter !== undefined) return (c) => !c.info.healthCheck;
  if (filter.header_filter !== undefined) {
    const test = compileHeaderMatcher(filter.header_filter.header);
    return (c) => c.request !== undefined && test(c.request);
  }
  if (filter.response_flag_filter !== undefined) {
    const names = filter.response_flag_filter.flags;
    if (names.length === 0) return (c) => c.info.flags !== 0;
    const bits = names.reduce((all, name) => all | (responseFlagOf(name) ?? 0), 0);
    return (c) => (c.info.flags & bits) !== 0;
  }
  if (filter.runtime_filter !== undefined) {
    const { percent_sampled, runtime_key } = filter.runtime_filter;
    return () => {
      const override = ctx.runtime(runtime_key);
      const value = Math.floor(ctx.random() * 4_294_967_296);
      if (typeof override === 'number') return value % 100 < override;
      return percent_sampled !== undefined && inFraction(percent_sampled, value);
    };
  }
  if (filter.grpc_status_filter !== undefined) {
    const { statuses, exclude } = filter.grpc_status_filter;
    const numbers = new Set(statuses.map((name) => grpcStatuses.indexOf(name)));
    return (c) => numbers.has(c.info.grpcStatus) !== exclude;
  }
  if (filter.metadata_filter !== undefined) {
    const { matcher, match_if_key_not_found } = filter.metadata_filter;
    if (matcher === undefined) return () => match_if_key_not_found;
    const test = compileMetadataMatcher(matcher);
    const path = matcher.path.map((segment) => segment.key ?? '');
    return (c) => {
      const found = valueAt(c.info.metadata(matcher.filter), path);
      return found === undefined ? match_if_key_not_found : test.matches(c.info.metadata(matcher.filter));
    };
  }
  if (filter.log_type_filter !== undefined) {
    const { types, exclude } = filter.log_type_filter;
    return (c) => types.includes(c.request === undefined ? 'TcpConnectionEnd' : 'DownstreamEnd') !== exclude;
  }
  if (filter.traceable_filter !== undefined) return () => true;
  throw new ConfigFault('filter', 'this access log filter is not supported');
}

import { lazy, message, repeated, typed } from '../message.ts';
import { bool, boolValue, enumeration, optionalString, string, struct } from '../scalar.ts';
import { type Infer, type Message, required } from '../schema.ts';
import { RuntimeUInt32, SubstitutionFormatString } from './core.ts';
import { MetadataMatcher } from './matcher.ts';
import { FractionalPercent } from './percent.ts';
import { HeaderMatcher } from './route-match.ts';

/** envoy.config.accesslog.v3 and the loggers. */
const ComparisonFilter = message('envoy.config.accesslog.v3.ComparisonFilter', {
  op: enumeration('Op', ['EQ', 'GE', 'LE', 'NE']),
  value: required(RuntimeUInt32),
});
export type ComparisonFilter = Infer<typeof ComparisonFilter>;

/** Response flags in the access log's short form. */
export const responseFlagNames = [
  'LH',
  'UH',
  'UT',
  'LR',
  'UR',
  'UF',
  'UC',
  'UO',
  'NR',
  'DI',
  'FI',
  'RL',
  'UAEX',
  'RLSE',
  'DC',
  'URX',
  'SI',
  'IH',
  'DPE',
  'UMSDR',
  'RFCF',
  'NFCF',
  'DT',
  'UPE',
  'NC',
  'OM',
  'DF',
  'DO',
  'DR',
  'UDO',
] as const;

const leaves = {
  status_code_filter: message('envoy.config.accesslog.v3.StatusCodeFilter', {
    comparison: required(ComparisonFilter),
  }),
  duration_filter: message('envoy.config.accesslog.v3.DurationFilter', {
    comparison: required(ComparisonFilter),
  }),
  not_health_check_filter: message('envoy.config.accesslog.v3.NotHealthCheckFilter', {}),
  traceable_filter: message('envoy.config.accesslog.v3.TraceableFilter', {}),
  runtime_filter: message('envoy.config.accesslog.v3.RuntimeFilter', {
    runtime_key: string({ min: 1 }),
    percent_sampled: FractionalPercent,
    use_independent_randomness: bool(),
  }),
  header_filter: message('envoy.config.accesslog.v3.HeaderFilter', { header: required(HeaderMatcher) }),
  response_flag_filter: message('envoy.config.accesslog.v3.ResponseFlagFilter', {
    flags: repeated(string({ in: responseFlagNames })),
  }),
  grpc_status_filter: message('envoy.config.accesslog.v3.GrpcStatusFilter', {
    statuses: repeated(
      enumeration('Status', [
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
      ]),
    ),
    exclude: bool(),
  }),
  metadata_filter: message('envoy.config.accesslog.v3.MetadataFilter', {
    matcher: MetadataMatcher,
    match_if_key_not_found: boolValue(true),
  }),
  log_type_filter: message('envoy.config.accesslog.v3.LogTypeFilter', {
    types: repeated(
      enumeration('AccessLogType', [
        'NotSet',
        'TcpUpstreamConnected',
        'TcpPeriodic',
        'TcpConnectionEnd',
        'DownstreamStart',
        'DownstreamPeriodic',
        'DownstreamEnd',
        'UpstreamPoolReady',
        'UpstreamPeriodic',
        'UpstreamEnd',
        'DownstreamTunnelSuccessfullyEstablished',
        'UdpTunnelUpstreamConnected',
        'UdpPeriodic',
        'UdpSessionEnd',
      ]),
    ),
    exclude: bool(),
  }),
};

interface FilterList {
  readonly filters: readonly AccessLogFilter[];
}
type Leaves = { readonly [K in keyof typeof leaves]: Infer<(typeof leaves)[K]> | undefined };
export interface AccessLogFilter extends Leaves {
  readonly and_filter: FilterList | undefined;
  readonly or_filter: FilterList | undefined;
}

const filters = repeated(
  lazy((): Message<AccessLogFilter> => AccessLogFilter),
  { min: 2 },
);

export const AccessLogFilter: Message<AccessLogFilter> = message(
  'envoy.config.accesslog.v3.AccessLogFilter',
  {
    ...leaves,
    and_filter: message('envoy.config.accesslog.v3.AndFilter', { filters }),
    or_filter: message('envoy.config.accesslog.v3.OrFilter', { filters }),
  },
  {
    oneofs: [{ fields: [...Object.keys(leaves), 'and_filter', 'or_filter'], required: true }],
    unsupported: { extension_filter: 'no filter extensions (CEL) are there' },
  },
);

export const AccessLog = message('envoy.config.accesslog.v3.AccessLog', {
  name: string(),
  filter: AccessLogFilter,
  typed_config: required(typed('access_logger')),
});
export type AccessLog = Infer<typeof AccessLog>;

export const FileAccessLog = message(
  'envoy.extensions.access_loggers.file.v3.FileAccessLog',
  {
    path: string({ min: 1 }),
    format: optionalString(),
    json_format: struct(),
    typed_json_format: struct(),
    log_format: SubstitutionFormatString,
  },
  { oneofs: [{ fields: ['format', 'json_format', 'typed_json_format', 'log_format'] }] },
);
export type FileAccessLog = Infer<typeof FileAccessLog>;

export const StdoutAccessLog = message('envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', {
  log_format: SubstitutionFormatString,
});
export const StderrAccessLog = message('envoy.extensions.access_loggers.stream.v3.StderrAccessLog', {
  log_format: SubstitutionFormatString,
});

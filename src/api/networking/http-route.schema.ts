import {
  as,
  atMostOne,
  double,
  duration,
  flag,
  int32,
  list,
  map,
  oneOfWords,
  optionalFlag,
  record,
  type Schema,
  text,
  textMap,
  texts,
  uint32,
} from '../schema/schema.ts';
import { destination } from './destination.schema.ts';
import { stringMatch } from './string-match.schema.ts';

export const percent = record('Percent', 'A share in percent.', {
  value: double('0 to 100, in steps of 0.0001.'),
});

const matchRequest = record('HTTPMatchRequest', 'What a request must look like; all given parts must hold.', {
  name: text('Name of the match, joined to the name of the route in access logs.'),
  uri: as(stringMatch, 'The path without query. `prefix: /foo` also matches `/foobar`.'),
  scheme: as(stringMatch, 'The scheme of the request, `http` or `https`.'),
  method: as(stringMatch, 'The HTTP method.'),
  authority: as(stringMatch, 'The `:authority` or Host header.'),
  headers: map(
    stringMatch,
    'Headers by lower-case name. An empty condition asks only that the header is there. `@request.auth.claims.…` means a claim of the validated JWT (gateways only).',
  ),
  port: uint32('Port of the host that is addressed.'),
  sourceLabels: textMap('Labels of the workloads the rule applies to; ignored when gateways are named here.'),
  gateways: texts('Gateways the rule applies to; overrides the list of the VirtualService.'),
  queryParams: map(stringMatch, 'Query parameters by name; prefix is not supported.'),
  ignoreUriCase: flag('Compare the path without regard to case (exact and prefix only).', {
    fallback: 'false',
  }),
  withoutHeaders: map(stringMatch, 'Headers that must be absent or must not match.'),
  sourceNamespace: text('Namespace of the workloads the rule applies to.'),
  statPrefix: text('Prefix of the statistics kept for this route.'),
});

const headerOperations = record('HeaderOperations', 'Changes of headers; set first, then add, then remove.', {
  set: textMap('Headers to overwrite.'),
  add: textMap('Headers to append values to.'),
  remove: texts('Names of headers to remove.'),
});

export const headers = record('Headers', 'Changes of headers.', {
  request: as(headerOperations, 'Changes before the request is forwarded.'),
  response: as(headerOperations, 'Changes before the response is returned.'),
});

const routeDestination = record(
  'HTTPRouteDestination',
  'A destination and its share of the requests.',
  {
    destination: as(destination, 'Where requests go.'),
    weight: int32(
      'Share relative to the sum of all weights, which need not be 100. Entries of weight 0 get nothing; several entries that sum to 0 are refused.',
      { fallback: '0; a lone destination gets everything' },
    ),
    headers: as(headers, 'Changes of headers for this destination only.'),
  },
  { required: ['destination'] },
);

const redirect = record(
  'HTTPRedirect',
  'Answers with a redirect.',
  {
    uri: text('New path; replaces the whole path, whatever matched.'),
    authority: text('New host.'),
    port: uint32('New port.'),
    derivePort: oneOfWords(
      'How the port is chosen: FROM_PROTOCOL_DEFAULT is 80 or 443, FROM_REQUEST_PORT keeps the port of the request.',
      ['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'],
    ),
    scheme: text('New scheme, `http` or `https`.'),
    redirectCode: uint32('Status code: 301, 302, 303, 307 or 308.', { fallback: '301' }),
    prefixRewrite: text('Replaces only the matched prefix of the path.'),
  },
  atMostOne(['port', 'derivePort']),
);

const directResponse = record(
  'HTTPDirectResponse',
  'Answers at once, without asking any destination.',
  {
    status: uint32('Status code, 200 to 599.'),
    body: record(
      'HTTPBody',
      'Body of the answer, at most 1 MiB.',
      {
        string: text('The body as text.'),
        bytes: text('The body in base64.', { format: 'byte' }),
      },
      atMostOne(['string', 'bytes']),
    ),
  },
  { required: ['status'] },
);

const rewrite = record('HTTPRewrite', 'Changes path or authority before the request is forwarded.', {
  uri: text('Replaces the path, or the matched prefix of it.'),
  authority: text('Replaces the authority.'),
  uriRegexRewrite: record('RegexRewrite', 'Replaces by regular expression.', {
    match: text('RE2 expression; its groups are numbered for the replacement.'),
    rewrite: text('Replacement; `\\1` stands for the first group.'),
  }),
});

export const retries: Schema = record('HTTPRetry', 'When and how often a failed request is sent again.', {
  attempts: int32('Number of further tries after the first one; 0 turns retries off.', { fallback: '2' }),
  perTryTimeout: duration('Time limit of each try, the first one included.', {
    fallback: 'the timeout of the route',
  }),
  retryOn: text(
    'Conditions of Envoy (`5xx`, `gateway-error`, `connect-failure`, `refused-stream`, `reset`, …), gRPC conditions and status codes, separated by commas.',
    { fallback: 'connect-failure,refused-stream,unavailable,cancelled' },
  ),
  retryRemoteLocalities: optionalFlag('Whether other localities are tried.', { fallback: 'false' }),
  retryIgnorePreviousHosts: optionalFlag('Whether endpoints that failed before are passed over.', {
    fallback: 'true',
  }),
  backoff: duration('Shortest pause before a retry; grows with each one.', { fallback: '25ms' }),
});

const fault = record(
  'HTTPFaultInjection',
  'Faults put in on purpose. Without a percentage a fault does nothing.',
  {
    delay: record(
      'FaultDelay',
      'Holds requests back before they are forwarded.',
      {
        percent: int32('Former form of percentage.'),
        fixedDelay: duration('How long to wait.'),
        exponentialDelay: duration('Not supported.'),
        percentage: as(percent, 'Share of the requests that wait.', { fallback: '0' }),
      },
      atMostOne(['fixedDelay', 'exponentialDelay']),
    ),
    abort: record(
      'FaultAbort',
      'Answers requests with an error.',
      {
        httpStatus: int32('HTTP status code, 200 to 599.'),
        grpcStatus: text('Name of a gRPC status: `UNAVAILABLE`.'),
        http2Error: text('Not supported.'),
        percentage: as(percent, 'Share of the requests that fail.', { fallback: '0' }),
      },
      atMostOne(['httpStatus', 'grpcStatus', 'http2Error']),
    ),
  },
);

const corsPolicy = record('CorsPolicy', 'Cross-origin rules, answered by the proxy.', {
  allowOrigin: texts('Former form of allowOrigins, exact values.'),
  allowOrigins: list(stringMatch, 'Origins that are allowed.'),
  allowMethods: texts('Methods allowed, for Access-Control-Allow-Methods.'),
  allowHeaders: texts('Headers allowed, for Access-Control-Allow-Headers.'),
  exposeHeaders: texts('Headers scripts may read.'),
  maxAge: duration('How long a preflight answer may be cached.'),
  allowCredentials: optionalFlag('Whether credentials may be sent.', { fallback: 'false' }),
  unmatchedPreflights: oneOfWords(
    'What happens to preflights from other origins: FORWARD sends them on, IGNORE answers without CORS headers.',
    ['UNSPECIFIED', 'FORWARD', 'IGNORE'],
    { fallback: 'FORWARD' },
  ),
});

const mirrorPercent = uint32('Former form of mirrorPercentage, whole percent.', { nullable: true });

export const httpRoute: Schema = record(
  'HTTPRoute',
  'One rule: which requests, and what becomes of them.',
  {
    name: text('Name of the route, for logs and EnvoyFilter.'),
    match: list(matchRequest, 'Conditions of which at least one must hold; none means all requests.'),
    route: list(
      routeDestination,
      'Destinations; a route has either these, a redirect, a directResponse or a delegate.',
    ),
    redirect: as(redirect, 'Answers with a redirect.'),
    directResponse: as(directResponse, 'Answers at once with a fixed response.'),
    delegate: record(
      'Delegate',
      'Hands the requests to the routes of another VirtualService, which must have no hosts.',
      {
        name: text('Name of the VirtualService.'),
        namespace: text('Its namespace.', { fallback: 'the namespace of this object' }),
      },
    ),
    rewrite: as(rewrite, 'Changes path or authority before forwarding.'),
    timeout: duration('Time limit of the whole request, retries included.', { fallback: 'none' }),
    retries: as(retries, 'When and how often a failed request is sent again.'),
    fault: as(fault, 'Faults put in on purpose.'),
    mirror: as(destination, 'A copy of each request also goes here; answers are dropped.'),
    mirrors: list(
      record(
        'HTTPMirrorPolicy',
        'A destination of copies.',
        {
          destination: as(destination, 'Where copies go.'),
          percentage: as(percent, 'Share of the requests that are copied.', { fallback: '100' }),
        },
        { required: ['destination'] },
      ),
      'Several mirrors; not together with mirror.',
    ),
    mirrorPercent,
    mirror_percent: mirrorPercent,
    mirrorPercentage: as(percent, 'Share of the requests that are copied.', { fallback: '100' }),
    corsPolicy: as(corsPolicy, 'Cross-origin rules.'),
    headers: as(headers, 'Changes of headers.'),
  },
  { 'x-lateen-aliases': { mirror_percent: 'mirrorPercent' } },
);

import { tcpKeepalive } from '../networking/connection-pool.schema.ts';
import { clientTls } from '../networking/destination-rule.schema.ts';
import { proxyImage } from '../networking/proxy-config.schema.ts';
import { readinessProbe } from '../networking/workload.schema.ts';
import {
  as,
  atMostOne,
  double,
  flag,
  int32,
  list,
  looseDuration,
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

const address = text('Address, as `host:port`.');

const tracing: Schema = record(
  'ProxyTracing',
  'Tracer of the proxy; the Telemetry API and extension providers are the newer way.',
  {
    zipkin: record('ZipkinTracer', 'Zipkin.', { address }),
    lightstep: record('LightstepTracer', 'Lightstep.', { address, accessToken: text('Access token.') }),
    datadog: record('DatadogTracer', 'Datadog.', { address }),
    stackdriver: record('StackdriverTracer', 'Stackdriver.', {
      debug: flag('Write traces to standard output.'),
      maxNumberOfAttributes: int32('Most attributes a span.'),
      maxNumberOfAnnotations: int32('Most annotations a span.'),
      maxNumberOfMessageEvents: int32('Most message events a span.'),
    }),
    openCensusAgent: record('OpenCensusAgentTracer', 'OpenCensus agent.', {
      address,
      context: texts('Trace contexts to pass on.'),
    }),
    customTags: map(
      record(
        'ProxyCustomTag',
        'Where the value of a tag comes from.',
        {
          literal: record('ProxyLiteralTag', 'A fixed value.', { value: text('Value.') }),
          environment: record('ProxyEnvironmentTag', 'An environment variable.', {
            name: text('Name.'),
            defaultValue: text('Value when there is none.'),
          }),
          header: record('ProxyHeaderTag', 'A request header.', {
            name: text('Name.'),
            defaultValue: text('Value when there is none.'),
          }),
        },
        atMostOne(['literal', 'environment', 'header']),
      ),
      'Tags added to spans, by name.',
    ),
    maxPathTagLength: uint32('Longest path kept in a tag.', { fallback: '256' }),
    sampling: double('Share of the requests that are traced, in percent.', { fallback: '1' }),
    tlsSettings: as(clientTls, 'TLS towards the tracer.'),
    enableIstioTags: optionalFlag('Add tags for mesh, namespace and service.', { fallback: 'true' }),
  },
  atMostOne(['zipkin', 'lightstep', 'datadog', 'stackdriver', 'openCensusAgent']),
);

const clientCertDetails = (description: string): Schema =>
  oneOfWords(description, [
    'UNDEFINED',
    'SANITIZE',
    'FORWARD_ONLY',
    'APPEND_FORWARD',
    'SANITIZE_SET',
    'ALWAYS_FORWARD_ONLY',
  ]);

const topology = record('Topology', 'What stands in front of a gateway.', {
  numTrustedProxies: uint32('Proxies whose X-Forwarded-For entries are trusted.', { fallback: '0' }),
  forwardClientCertDetails: clientCertDetails('What happens to x-forwarded-client-cert.'),
  proxyProtocol: record('ProxyProtocolConfiguration', 'Expect a PROXY protocol header.', {}),
});

const remoteService = record('RemoteService', 'A gRPC service outside.', {
  address,
  tlsSettings: as(clientTls, 'TLS towards it.'),
  tcpKeepalive: as(tcpKeepalive, 'Keep-alive probes.'),
});

const disabled = { disabled: optionalFlag('Turns it off.', { fallback: 'false' }) };
const enabled = { enabled: optionalFlag('Turns it on.', { fallback: 'false' }) };

const proxyHeaders = record('ProxyHeaders', 'Headers the proxy adds by itself.', {
  forwardedClientCert: clientCertDetails('What happens to x-forwarded-client-cert.'),
  setCurrentClientCertDetails: record(
    'SetCurrentClientCertDetails',
    'What x-forwarded-client-cert says of the peer.',
    {
      subject: optionalFlag('Subject.', { fallback: 'true' }),
      cert: optionalFlag('Certificate in PEM.', { fallback: 'false' }),
      chain: optionalFlag('Chain in PEM.', { fallback: 'false' }),
      dns: optionalFlag('DNS names.', { fallback: 'true' }),
      uri: optionalFlag('URI names.', { fallback: 'true' }),
    },
  ),
  requestId: record('RequestIdHeader', 'x-request-id.', disabled),
  server: record('ServerHeader', 'The server header of responses.', {
    ...disabled,
    value: text('Its value.', { fallback: 'istio-envoy' }),
  }),
  attemptCount: record('AttemptCountHeader', 'x-envoy-attempt-count.', disabled),
  envoyDebugHeaders: record('EnvoyDebugHeaders', 'Headers that begin with x-envoy-.', disabled),
  metadataExchangeHeaders: record('MetadataExchangeHeaders', 'x-envoy-peer-metadata.', {
    mode: oneOfWords('IN_MESH sends them to mesh services only.', ['UNDEFINED', 'IN_MESH']),
  }),
  preserveHttp1HeaderCase: optionalFlag('Keep the letters of HTTP/1.1 header names as they came.', {
    fallback: 'false',
  }),
  xForwardedHost: record('XForwardedHostHeader', 'x-forwarded-host.', enabled),
  xForwardedPort: record('XForwardedPortHeader', 'x-forwarded-port.', enabled),
});

const keyProvider = record('PrivateKeyAcceleration', 'An accelerator.', {
  pollDelay: looseDuration('Time between polls.'),
  fallback: optionalFlag('Go on without it when it is missing.'),
});

const connectionSettings = record('ConnectionSettings', 'Limits of listeners and connections.', {
  profile: oneOfWords('Set of defaults.', ['SIDECAR', 'EDGE'], { fallback: 'SIDECAR' }),
  listenerPerConnectionBufferLimitBytes: int32('Buffer of a downstream connection.', { nullable: true }),
  clusterPerConnectionBufferLimitBytes: int32('Buffer of an upstream connection.', { nullable: true }),
  httpIdleTimeout: looseDuration('How long a connection without requests is kept.'),
  httpMaxConnectionDuration: looseDuration('Longest life of a connection.'),
  httpDrainTimeout: looseDuration('Time between GOAWAY and close.'),
  httpRequestTimeout: looseDuration('Time limit for receiving a request.'),
  httpRequestHeadersTimeout: looseDuration('Time limit for receiving request headers.'),
  httpStreamIdleTimeout: looseDuration('How long a stream may be idle.'),
  httpMaxStreamDuration: looseDuration('Longest life of a stream.'),
  httpMaxConcurrentStreams: int32('Most streams at once.', { nullable: true }),
  http2InitialStreamWindowSize: int32('Initial window of a stream.', { nullable: true }),
  http2InitialConnectionWindowSize: int32('Initial window of a connection.', { nullable: true }),
  httpHeadersWithUnderscoresAction: oneOfWords('What happens to header names with underscores.', [
    'HEADERS_WITH_UNDERSCORES_UNSPECIFIED',
    'HEADERS_WITH_UNDERSCORES_ALLOW',
    'HEADERS_WITH_UNDERSCORES_REJECT_REQUEST',
    'HEADERS_WITH_UNDERSCORES_DROP_HEADER',
  ]),
  httpMergeSlashes: optionalFlag('Merge slashes in paths.'),
  httpPathWithEscapedSlashesAction: oneOfWords('What happens to %2F and %5C in paths.', [
    'PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED',
    'KEEP_UNCHANGED',
    'REJECT_REQUEST',
    'UNESCAPE_AND_REDIRECT',
    'UNESCAPE_AND_FORWARD',
  ]),
  listenerConnectionLimit: int32('Most connections of a listener.', { nullable: true }),
  globalDownstreamConnectionLimit: int32('Most downstream connections of the proxy.', { nullable: true }),
});

/** `defaultConfig` of the mesh and the `proxy.istio.io/config` annotation (mesh.v1alpha1.ProxyConfig). */
export const meshProxyConfig: Schema = record(
  'MeshProxyConfig',
  'Settings of a proxy that are read when it starts.',
  {
    configPath: text('Folder for generated configuration.', { fallback: './etc/istio/proxy' }),
    binaryPath: text('Program to run.', { fallback: '/usr/local/bin/envoy' }),
    serviceCluster: text('Name of the group of proxies, for tracing.', { fallback: 'istio-proxy' }),
    tracingServiceName: oneOfWords('Where the service name in traces comes from.', [
      'APP_LABEL_AND_NAMESPACE',
      'CANONICAL_NAME_ONLY',
      'CANONICAL_NAME_AND_NAMESPACE',
    ]),
    drainDuration: looseDuration('How long connections drain when a listener is replaced.', {
      fallback: '45s',
    }),
    discoveryAddress: text('Address of the control plane.', { fallback: 'istiod.istio-system.svc:15012' }),
    discoveryRefreshDelay: looseDuration('Not used.'),
    zipkinAddress: text('Former form of tracing.zipkin.address.'),
    statsdUdpAddress: text('Where statsd datagrams go, `host:port`.'),
    envoyMetricsServiceAddress: text('Former form of envoyMetricsService.address.'),
    proxyAdminPort: int32('Port of the administration page.', { fallback: '15000' }),
    availabilityZone: text('Not used.'),
    controlPlaneAuthPolicy: oneOfWords(
      'How the control plane is called.',
      ['NONE', 'MUTUAL_TLS', 'INHERIT'],
      {
        fallback: 'MUTUAL_TLS',
      },
    ),
    customConfigFile: text('A bootstrap file to use instead of the generated one.'),
    statNameLength: int32('Longest name of a statistic.', { fallback: '189' }),
    concurrency: int32('Worker threads; 0 takes one per CPU.', {
      nullable: true,
      fallback: 'the CPU limit of the container',
    }),
    proxyBootstrapTemplatePath: text('A template for the bootstrap.'),
    interceptionMode: oneOfWords('How connections are captured.', ['REDIRECT', 'TPROXY', 'NONE'], {
      fallback: 'REDIRECT',
    }),
    tracing,
    sds: record('SDS', 'Not used.', { enabled: flag('Not used.'), k8sSaJwtPath: text('Not used.') }),
    envoyAccessLogService: as(remoteService, 'gRPC access log service.'),
    envoyMetricsService: as(remoteService, 'gRPC metrics service.'),
    proxyMetadata: textMap('Environment variables of the agent; `ISTIO_META_*` become node metadata.'),
    runtimeValues: textMap('Runtime flags of Envoy.'),
    statusPort: int32('Port of the merged metrics page and of probes.', { fallback: '15020' }),
    extraStatTags: texts('Further tags kept in metrics.'),
    gatewayTopology: topology,
    terminationDrainDuration: looseDuration('How long the agent lets connections end when it stops.', {
      fallback: '5s',
    }),
    meshId: text('Name of the mesh.', { fallback: 'the trust domain' }),
    readinessProbe: as(readinessProbe, 'Probe of the application, for workloads outside Kubernetes.'),
    proxyStatsMatcher: record('ProxyStatsMatcher', 'Further Envoy statistics to keep.', {
      inclusionPrefixes: texts('By how names begin.'),
      inclusionSuffixes: texts('By how names end.'),
      inclusionRegexps: texts('By RE2 expression.'),
    }),
    holdApplicationUntilProxyStarts: optionalFlag('Start the application when the proxy is ready.', {
      fallback: 'false',
    }),
    caCertificatesPem: texts('Further CA certificates, in PEM.'),
    image: as(proxyImage, 'Image of the proxy.'),
    privateKeyProvider: record(
      'PrivateKeyProvider',
      'Hardware for TLS keys.',
      { cryptomb: as(keyProvider, 'CryptoMB.'), qat: as(keyProvider, 'QAT.') },
      atMostOne(['cryptomb', 'qat']),
    ),
    proxyHeaders,
    fileFlushInterval: looseDuration('Longest time a log line waits.', { fallback: '1s' }),
    fileFlushMinSizeKb: uint32('Bytes, in KiB, after which the log is written.', { fallback: '64' }),
    statsCompression: optionalFlag('Compress the metrics page.', { fallback: 'true' }),
    connectionSettings,
  },
  atMostOne(['serviceCluster', 'tracingServiceName']),
);

export const certificates = list(
  record('Certificate', 'Not used.', { secretName: text('Not used.'), dnsNames: texts('Not used.') }),
  'Not used.',
);

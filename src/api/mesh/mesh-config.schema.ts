import { connectionPool, tcpKeepalive } from '../networking/connection-pool.schema.ts';
import { clientTls, outlierDetection } from '../networking/destination-rule.schema.ts';
import { retries } from '../networking/http-route.schema.ts';
import { localityLbSetting, zoneAwareLbSetting } from '../networking/load-balancer.schema.ts';
import {
  as,
  atMostOne,
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
import { extensionProvider } from './extension-provider.schema.ts';
import { certificates, meshProxyConfig } from './proxy-config.schema.ts';

const selector = record('MeshLabelSelector', 'Objects, by their labels.', {
  matchLabels: textMap('Labels an object must have.'),
  matchExpressions: list(
    record('LabelSelectorRequirement', 'A condition on a label.', {
      key: text('Name of the label.'),
      operator: text('In, NotIn, Exists or DoesNotExist.'),
      values: texts('Values to compare with.'),
    }),
    'Conditions that must all hold.',
  ),
});

const tlsConfig = record('TLSConfig', 'TLS of the proxies.', {
  minProtocolVersion: oneOfWords('Lowest version.', ['TLS_AUTO', 'TLSV1_2', 'TLSV1_3'], {
    fallback: 'TLSV1_2',
  }),
  ecdhCurves: texts('Curves offered.'),
  cipherSuites: texts('Cipher suites offered.'),
});

const exportTo = (kind: string): Schema =>
  texts(`Namespaces that see a ${kind} without exportTo: \`.\` its own, \`*\` all, or names.`, {
    fallback: '*',
  });

const traffic = {
  outboundTrafficPolicy: record(
    'MeshOutboundTrafficPolicy',
    'What happens to calls of unknown destinations.',
    {
      mode: oneOfWords(
        'ALLOW_ANY passes them on, REGISTRY_ONLY refuses them.',
        ['REGISTRY_ONLY', 'ALLOW_ANY', 'ALLOW_ANY_DYNAMIC_DNS'],
        {
          fallback: 'ALLOW_ANY',
        },
      ),
      tls: as(clientTls, 'TLS towards unknown destinations (ALLOW_ANY_DYNAMIC_DNS).'),
    },
  ),
  inboundTrafficPolicy: record('InboundTrafficPolicy', 'How the application is reached.', {
    mode: oneOfWords(
      'PASSTHROUGH uses the address of the pod, LOCALHOST 127.0.0.1.',
      ['PASSTHROUGH', 'LOCALHOST'],
      {
        fallback: 'PASSTHROUGH',
      },
    ),
  }),
  localityLbSetting: as(localityLbSetting, 'Prefers endpoints near the client.', {
    fallback: 'enabled: true',
  }),
  zoneAwareLbSetting: as(zoneAwareLbSetting, 'Keeps traffic in the zone of the client.'),
  h2UpgradePolicy: oneOfWords(
    'Whether HTTP/1.1 is upgraded to HTTP/2 between sidecars.',
    ['DO_NOT_UPGRADE', 'UPGRADE'],
    {
      fallback: 'DO_NOT_UPGRADE',
    },
  ),
  defaultHttpRetryPolicy: as(retries, 'Retries of routes that set none.'),
  defaultInboundHttpRetryPolicy: as(
    retries,
    'Retries towards the own application; attempts, retryOn and backoff only.',
  ),
  defaultTrafficPolicy: record('DefaultTrafficPolicy', 'Limits of hosts that set none.', {
    connectionPool: as(connectionPool, 'Limits on connections and requests.'),
    outlierDetection: as(outlierDetection, 'Outlier detection.'),
  }),
  pathNormalization: record('ProxyPathNormalization', 'How paths are normalized before policies see them.', {
    normalization: oneOfWords(
      'How far.',
      ['DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'],
      {
        fallback: 'DEFAULT, which is BASE',
      },
    ),
  }),
};

const observability = {
  enableTracing: flag('Whether requests are traced.', { fallback: 'true' }),
  accessLogFile: text('File for access logs, such as /dev/stdout; empty for none.', { fallback: 'none' }),
  accessLogFormat: text('Format of access logs.', { fallback: "Istio's" }),
  accessLogEncoding: oneOfWords('Form of access logs.', ['TEXT', 'JSON'], { fallback: 'TEXT' }),
  enableEnvoyAccessLogService: flag('Whether the gRPC access log service is used.', { fallback: 'false' }),
  disableEnvoyListenerLog: flag('Drop the listener access log.', { fallback: 'false' }),
  enablePrometheusMerge: optionalFlag('Whether metrics of application and proxy are one page.', {
    fallback: 'true',
  }),
  inboundClusterStatName: text('Pattern of inbound cluster statistics.'),
  outboundClusterStatName: text('Pattern of outbound cluster statistics.'),
  extensionProviders: list(extensionProvider, 'Services that policies and Telemetry objects use by name.'),
  defaultProviders: record('DefaultProviders', 'Providers used when nothing is configured.', {
    tracing: texts('For tracing.'),
    metrics: texts('For metrics.'),
    accessLogging: texts('For access logs.'),
  }),
};

const ingress = {
  ingressClass: text('Class of the Ingress objects that are read.', { fallback: 'istio' }),
  ingressService: text('Service of the gateway that serves Ingress objects.', {
    fallback: 'istio-ingressgateway',
  }),
  ingressSelector: text('Label `istio` of that gateway.', { fallback: 'ingressgateway' }),
  ingressControllerMode: oneOfWords(
    'Which Ingress objects are read.',
    ['UNSPECIFIED', 'OFF', 'DEFAULT', 'STRICT'],
    {
      fallback: 'STRICT',
    },
  ),
};

const scopes = {
  defaultServiceExportTo: exportTo('service'),
  defaultVirtualServiceExportTo: exportTo('VirtualService'),
  defaultDestinationRuleExportTo: exportTo('DestinationRule'),
  rootNamespace: text('Namespace whose objects apply to the whole mesh.', { fallback: 'istio-system' }),
  discoverySelectors: list(selector, 'Namespaces the control plane looks at.', { fallback: 'all' }),
  serviceSettings: list(
    record('ServiceSettings', 'Settings of some hosts.', {
      settings: record('ServiceSettingsValues', 'The settings.', {
        clusterLocal: flag('Keep traffic within the cluster of the client.', { fallback: 'false' }),
      }),
      hosts: texts('The hosts; may begin with `*.`.'),
    }),
    'Settings by host.',
  ),
  serviceScopeConfigs: list(
    record('ServiceScopeConfigs', 'Scope of services in ambient multicluster.', {
      namespaceSelector: as(selector, 'Namespaces meant.'),
      servicesSelector: as(selector, 'Services meant.'),
      scope: oneOfWords('How far they are seen.', ['LOCAL', 'GLOBAL'], { fallback: 'LOCAL' }),
    }),
    'Scope of services in ambient multicluster.',
  ),
  serviceEntryVisibility: record('ServiceEntryVisibility', 'Who sees ServiceEntries.', {
    defaultVisibility: oneOfWords('Without a policy.', [
      'VISIBILITY_UNSPECIFIED',
      'NONE',
      'NAMESPACE',
      'PUBLIC',
    ]),
    applyToSidecars: flag('Also for sidecars.', { fallback: 'false' }),
    policies: list(
      record('VisibilityPolicy', 'Visibility of some ServiceEntries.', {
        visibility: oneOfWords('Who sees them.', ['VISIBILITY_UNSPECIFIED', 'NONE', 'NAMESPACE', 'PUBLIC']),
        matchingRules: list(
          record('VisibilityMatchRule', 'Which ones.', { namespaceSelector: as(selector, 'By namespace.') }),
          'Which ServiceEntries are meant.',
        ),
      }),
      'Visibility by namespace.',
    ),
  }),
};

const trust = {
  enableAutoMtls: optionalFlag(
    'Use mTLS wherever the other side can, unless a DestinationRule says otherwise.',
    { fallback: 'true' },
  ),
  trustDomain: text('Root of all identities.', { fallback: 'cluster.local' }),
  trustDomainAliases: texts('Other trust domains that count as this one.'),
  caCertificates: list(
    record(
      'CertificateData',
      'A further root certificate.',
      {
        pem: text('The certificate in PEM.'),
        spiffeBundleUrl: text('Where a SPIFFE bundle is published.'),
        certSigners: texts('Kubernetes signers it is for.'),
        trustDomains: texts('Trust domains it is for.'),
      },
      atMostOne(['pem', 'spiffeBundleUrl']),
    ),
    'Further root certificates.',
  ),
  ca: record('MeshCA', 'A certificate authority outside.', {
    address: text('Address, as `host:port`.'),
    tlsSettings: as(clientTls, 'TLS towards it.'),
    requestTimeout: looseDuration('Time limit.', { fallback: '10s' }),
    istiodSide: flag('Let the control plane call it for the workloads.', { fallback: 'true' }),
  }),
  meshMTLS: as(tlsConfig, 'TLS between workloads of the mesh.'),
  tlsDefaults: as(tlsConfig, 'TLS elsewhere.'),
  certificates,
  verifyCertificateAtClient: optionalFlag('Check host certificates against the CA of the system.'),
};

export const meshConfig: Schema = record(
  'MeshConfig',
  'Settings of the whole mesh: ConfigMap istio, key mesh.',
  {
    proxyListenPort: int32('Port for captured outbound connections.', { fallback: '15001' }),
    proxyInboundListenPort: int32('Port for captured inbound connections.', { fallback: '15006' }),
    proxyHttpPort: int32('Port of an explicit HTTP proxy; 0 for none.', { fallback: '0' }),
    connectTimeout: looseDuration('Time limit for connecting.', { fallback: '10s' }),
    hboneIdleTimeout: looseDuration('How long an HBONE connection may be idle.', { fallback: '1h' }),
    protocolDetectionTimeout: looseDuration(
      'How long a silent client may take to show its protocol; 0s has no limit.',
      { fallback: '0s' },
    ),
    tcpKeepalive: as(tcpKeepalive, 'Keep-alive probes.'),
    dnsRefreshRate: looseDuration('Pause after a DNS request failed.', { fallback: '60s' }),
    defaultConfig: as(meshProxyConfig, 'Settings of the proxies.'),
    configSources: list(
      record('ConfigSource', 'Where configuration is read.', {
        address: text('`k8s://`, `fs:///path` or `host:port`.'),
        tlsSettings: as(clientTls, 'TLS towards it.'),
        subscribedResources: list(oneOfWords('', ['SERVICE_REGISTRY']), 'What is read.'),
      }),
      'Where configuration is read, instead of Kubernetes.',
    ),
    ...traffic,
    ...observability,
    ...ingress,
    ...scopes,
    ...trust,
  },
);

const networkGateway = record(
  'IstioNetworkGateway',
  'A way into the network.',
  {
    registryServiceName: text('Full name of the gateway service.'),
    address: text('IP address of the gateway.'),
    port: uint32('Port of the gateway.'),
    locality: text('Place of the gateway.'),
  },
  atMostOne(['registryServiceName', 'address']),
);

export const meshNetworks: Schema = record(
  'MeshNetworks',
  'Networks of the mesh and the ways between them.',
  {
    networks: map(
      record('Network', 'A network.', {
        endpoints: list(
          record(
            'NetworkEndpoints',
            'Which endpoints belong to it.',
            { fromCidr: text('By address.'), fromRegistry: text('By the cluster they come from.') },
            atMostOne(['fromCidr', 'fromRegistry']),
          ),
          'Which endpoints belong to it.',
        ),
        gateways: list(networkGateway, 'Ways into it.'),
      }),
      'Networks by name.',
    ),
  },
);

/**
 * What validation refuses or warns of beyond types, by kind, for the reference pages; the functions that do it are beside each kind's schema, the tests
 * name the source of each rule.
 */
export const kindRules: Readonly<Record<string, readonly string[]>> = {
  VirtualService: [
    'Hosts are DNS names whose first label may be or begin with `*`, or IP addresses; a bare `*` is for gateways only. Hosts of one object must not overlap.',
    'At least one of `http`, `tls` and `tcp` is required. Without hosts the object is a delegate: http routes only, no gateways.',
    'A route has exactly one of `route`, `redirect`, `directResponse` and `delegate`; a redirect or direct response excludes fault and rewrite, and a delegate does not delegate again.',
    'Weights need not sum to 100; several destinations whose weights sum to 0 are refused.',
    'A fault without percentage does nothing; a mirror without percentage copies everything.',
    'Regular expressions are RE2, at most 1024 characters, and match the whole value. Prefixes of anything but `uri` may not be empty.',
    'Durations are at least 1ms and whole milliseconds.',
    '`retries` with attempts 0 turns retries off and takes no other settings.',
    '`@request.auth.claims` matches work at gateways only.',
    'SNI hosts must lie within the hosts of the object.',
    'Warned of: rules that an earlier one leaves nothing for, `mirrorPercent`, gateway names written `name.namespace`.',
  ],
  DestinationRule: [
    'A traffic policy, and each port policy, sets at least one thing; a port policy names its port.',
    'Subset names are DNS labels and differ.',
    'Limits are not negative; durations are at least 1ms, but a TCP idle timeout of 0s turns the limit off.',
    'Mode MUTUAL needs certificate and key, or a credentialName; with a credentialName no files are given.',
    'Locality shares of one origin sum to 100 and do not overlap; distribute and failover exclude each other.',
    'Maglev tables are prime and below 5000011.',
    'With a workloadSelector the rule stays in its namespace.',
    'Warned of: `consecutiveErrors`, `minimumRingSize`, failover without outlier detection.',
  ],
  Gateway: [
    'The name of the object is a DNS label. Port names differ.',
    'Hosts are full names, with `*` as whole first label at most; short names are refused.',
    'HTTPS and TLS ports need `tls`; plain HTTP takes only `httpsRedirect`; other protocols take none.',
    'SIMPLE needs a certificate and key or a credential; MUTUAL also a client CA; ISTIO_MUTUAL takes none.',
    'Warned of: httpsRedirect on a TLS server, unknown cipher suites, servers that share a port but not a protocol, one SNI host twice on a port.',
  ],
  ServiceEntry: [
    'A bare `*` is no host. Port names and numbers differ; endpoint ports name ports of the service.',
    'NONE takes no endpoints; STATIC takes IP addresses and sockets; DNS takes names; DNS_ROUND_ROBIN one endpoint; DYNAMIC_DNS wildcard hosts with HTTP, HTTP2, GRPC or TLS.',
    'Subnets as addresses need NONE or STATIC. Several hosts need HTTP or TLS ports unless resolution is NONE.',
    '`exportTo: ["~"]` hides the service.',
    'Warned of: TCP ports without addresses, wildcards inside a label.',
  ],
  Sidecar: [
    'One of ingress, egress, inboundConnectionPool and outboundTrafficPolicy is required.',
    'Egress hosts have the form `namespace/host` with full names; a listener without port comes last; ports differ.',
    'Default endpoints are loopback addresses, `0.0.0.0`, `[::]` or Unix sockets.',
    '`egressProxy` needs mode ALLOW_ANY and a port.',
  ],
  WorkloadEntry: [
    'An address is an IP address, a DNS name or a Unix socket; it may be missing when network is set. A socket has no ports.',
  ],
  WorkloadGroup: ['A probe has one of httpGet, tcpSocket, exec and grpc.'],
  ProxyConfig: ['concurrency is not negative; selectors hold no wildcards.'],
  EnvoyFilter: [
    'applyTo, patch and operation are required, and a value unless the operation is REMOVE.',
    'The match fits what is patched: listener for listeners and filters, routeConfiguration for routes, cluster for clusters.',
    'A subFilter match needs applyTo HTTP_FILTER and the HTTP connection manager.',
    'Every typed_config names an `@type` of the v3 API.',
  ],
  AuthorizationPolicy: [
    'DENY and CUSTOM need rules; CUSTOM needs a provider, which no other action takes, and cannot use identities.',
    'Sources and operations set at least one field; values are not empty; ports are numbers; addresses are IP addresses or subnets.',
    '`serviceAccounts` excludes principals and namespaces.',
    'Path templates are `{*}` for one segment and `{**}` at the end.',
    'Warned of: DENY rules with HTTP attributes only, which refuse everything on TCP ports.',
  ],
  PeerAuthentication: ['Settings of ports need a selector with labels.'],
  RequestAuthentication: [
    'A rule has an issuer or a jwksUri, and at most one of jwksUri and jwks; jwks is a JSON Web Key Set.',
    'Warned of: private keys in jwks.',
  ],
  Telemetry: [
    'Filters are CEL expressions. A tag that is set needs a value, one that is removed has none.',
    'Warned of: more than one tracing entry or provider.',
  ],
  WasmPlugin: ['The URL has scheme oci, http, https or file, or none. Variables of the host have no value.'],
  TrafficExtension: ['Exactly one of wasm and lua is set.'],
  IstioOperator: [
    'Unknown fields are refused, except below `unvalidatedValues`; meshConfig is checked like the ConfigMap.',
    'Gateways that do not run as root need target ports of 1024 and above.',
    'revision is a DNS label; hub and tag form an image reference.',
    'Warned of: components and values of 1.6 that have no effect any more, replicaCount beside an autoscaler.',
  ],
};

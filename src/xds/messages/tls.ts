import { map, message, repeated } from '../message.ts';
import { bool, boolValue, duration, enumeration, optionalBool, string, uint32Value } from '../scalar.ts';
import { type Infer, required } from '../schema.ts';
import {
  ConfigSource,
  DataSource,
  extension,
  ProxyProtocolConfig,
  TransportSocket,
  WatchedDirectory,
} from './core.ts';
import { StringMatcher } from './matcher.ts';

/** envoy.extensions.transport_sockets: TLS, raw buffer, PROXY protocol; and secrets. */
const ns = 'envoy.extensions.transport_sockets.tls.v3';

export const TlsParameters = message(
  `${ns}.TlsParameters`,
  {
    tls_minimum_protocol_version: enumeration('TlsProtocol', [
      'TLS_AUTO',
      'TLSv1_0',
      'TLSv1_1',
      'TLSv1_2',
      'TLSv1_3',
    ]),
    tls_maximum_protocol_version: enumeration('TlsProtocol', [
      'TLS_AUTO',
      'TLSv1_0',
      'TLSv1_1',
      'TLSv1_2',
      'TLSv1_3',
    ]),
    cipher_suites: repeated(string()),
    ecdh_curves: repeated(string()),
    signature_algorithms: repeated(string()),
  },
  { unsupported: { compliance_policies: 'set versions, ciphers and curves' } },
);
export type TlsParameters = Infer<typeof TlsParameters>;

export const TlsCertificate = message(
  `${ns}.TlsCertificate`,
  {
    certificate_chain: DataSource,
    private_key: DataSource,
    pkcs12: DataSource,
    watched_directory: WatchedDirectory,
    password: DataSource,
  },
  {
    unsupported: {
      private_key_provider: 'keys are read as PEM',
      ocsp_staple: 'OCSP responses are not stapled',
      signed_certificate_timestamp: 'timestamps are not sent',
    },
  },
);
export type TlsCertificate = Infer<typeof TlsCertificate>;

export const SubjectAltNameMatcher = message(`${ns}.SubjectAltNameMatcher`, {
  san_type: required(enumeration('SanType', { EMAIL: 1, DNS: 2, URI: 3, IP_ADDRESS: 4, OTHER_NAME: 5 })),
  matcher: required(StringMatcher),
  oid: string(),
});
export type SubjectAltNameMatcher = Infer<typeof SubjectAltNameMatcher>;

/** `envoy.tls.cert_validator.spiffe`. */
export const SpiffeCertValidatorConfig = message(`${ns}.SPIFFECertValidatorConfig`, {
  trust_domains: repeated(
    message(`${ns}.SPIFFECertValidatorConfig.TrustDomain`, {
      name: string({ min: 1 }),
      trust_bundle: DataSource,
    }),
  ),
  trust_bundles: DataSource,
});
export type SpiffeCertValidatorConfig = Infer<typeof SpiffeCertValidatorConfig>;

export const CertificateValidationContext = message(
  `${ns}.CertificateValidationContext`,
  {
    trusted_ca: DataSource,
    system_root_certs: message(`${ns}.CertificateValidationContext.SystemRootCerts`, {}),
    watched_directory: WatchedDirectory,
    verify_certificate_spki: repeated(string({ pattern: /^.{44}$/ })),
    verify_certificate_hash: repeated(string({ pattern: /^.{64,95}$/ })),
    match_typed_subject_alt_names: repeated(SubjectAltNameMatcher),
    match_subject_alt_names: repeated(StringMatcher),
    crl: DataSource,
    allow_expired_certificate: bool(),
    trust_chain_verification: enumeration('TrustChainVerification', [
      'VERIFY_TRUST_CHAIN',
      'ACCEPT_UNTRUSTED',
    ]),
    custom_validator_config: extension('certificate_validator'),
    only_verify_leaf_cert_crl: bool(),
    max_verify_depth: uint32Value({ lte: 100 }),
  },
  {
    unsupported: {
      ca_certificate_provider_instance: 'use trusted_ca or SDS',
      require_signed_certificate_timestamp: 'timestamps are not read',
    },
  },
);
export type CertificateValidationContext = Infer<typeof CertificateValidationContext>;

export const SdsSecretConfig = message(`${ns}.SdsSecretConfig`, {
  name: string({ min: 1 }),
  sds_config: ConfigSource,
});
export type SdsSecretConfig = Infer<typeof SdsSecretConfig>;

export const TlsSessionTicketKeys = message(`${ns}.TlsSessionTicketKeys`, {
  keys: repeated(DataSource, { min: 1 }),
});

export const Secret = message(
  `${ns}.Secret`,
  {
    name: string(),
    tls_certificate: TlsCertificate,
    session_ticket_keys: TlsSessionTicketKeys,
    validation_context: CertificateValidationContext,
    generic_secret: message(`${ns}.GenericSecret`, { secret: DataSource, secrets: map(DataSource) }),
  },
  {
    oneofs: [{ fields: ['tls_certificate', 'session_ticket_keys', 'validation_context', 'generic_secret'] }],
  },
);
export type Secret = Infer<typeof Secret>;

export const CommonTlsContext = message(
  `${ns}.CommonTlsContext`,
  {
    tls_params: TlsParameters,
    tls_certificates: repeated(TlsCertificate),
    tls_certificate_sds_secret_configs: repeated(SdsSecretConfig),
    validation_context: CertificateValidationContext,
    validation_context_sds_secret_config: SdsSecretConfig,
    combined_validation_context: message(
      `${ns}.CommonTlsContext.CombinedCertificateValidationContext`,
      {
        default_validation_context: required(CertificateValidationContext),
        validation_context_sds_secret_config: required(SdsSecretConfig),
      },
      {
        unsupported: {
          validation_context_certificate_provider: 'use SDS',
          validation_context_certificate_provider_instance: 'use SDS',
        },
      },
    ),
    alpn_protocols: repeated(string()),
  },
  {
    oneofs: [
      {
        fields: ['validation_context', 'validation_context_sds_secret_config', 'combined_validation_context'],
      },
    ],
    unsupported: {
      tls_certificate_provider_instance: 'use tls_certificates or SDS',
      custom_tls_certificate_selector: 'certificates are chosen by SNI',
      tls_certificate_certificate_provider: 'use SDS',
      tls_certificate_certificate_provider_instance: 'use SDS',
      validation_context_certificate_provider: 'use SDS',
      validation_context_certificate_provider_instance: 'use SDS',
      custom_handshaker: 'one TLS implementation is there',
      key_log: 'session keys are not written',
    },
  },
);
export type CommonTlsContext = Infer<typeof CommonTlsContext>;

export const UpstreamTlsContext = message(`${ns}.UpstreamTlsContext`, {
  common_tls_context: CommonTlsContext,
  sni: string({ maxBytes: 255 }),
  auto_host_sni: bool(),
  auto_sni_san_validation: bool(),
  allow_renegotiation: bool(),
  max_session_keys: uint32Value({ default: 1 }),
  enforce_rsa_key_usage: boolValue(),
});
export type UpstreamTlsContext = Infer<typeof UpstreamTlsContext>;

export const DownstreamTlsContext = message(
  `${ns}.DownstreamTlsContext`,
  {
    common_tls_context: CommonTlsContext,
    require_client_certificate: boolValue(false),
    require_sni: boolValue(false),
    session_ticket_keys: TlsSessionTicketKeys,
    session_ticket_keys_sds_secret_config: SdsSecretConfig,
    disable_stateless_session_resumption: optionalBool(),
    disable_stateful_session_resumption: bool(),
    session_timeout: duration({ gte: 0, lt: 4_294_967_296_000 }),
    ocsp_staple_policy: enumeration('OcspStaplePolicy', { LENIENT_STAPLING: 0 }),
    full_scan_certs_on_sni_mismatch: boolValue(),
    prefer_client_ciphers: bool(),
  },
  {
    oneofs: [
      {
        fields: [
          'session_ticket_keys',
          'session_ticket_keys_sds_secret_config',
          'disable_stateless_session_resumption',
        ],
      },
    ],
    check: (m, ctx) => {
      const common = m.common_tls_context;
      if (common === undefined) return;
      if (common.tls_certificates.length === 0 && common.tls_certificate_sds_secret_configs.length === 0)
        ctx.report(
          'Required',
          'a server needs a certificate: tls_certificates or tls_certificate_sds_secret_configs',
        );
    },
  },
);
export type DownstreamTlsContext = Infer<typeof DownstreamTlsContext>;

export const RawBuffer = message('envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer', {});

export const ProxyProtocolUpstreamTransport = message(
  'envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport',
  {
    config: ProxyProtocolConfig,
    transport_socket: required(TransportSocket),
    allow_unspecified_address: bool(),
    tlv_as_pool_key: bool(),
  },
);
export type ProxyProtocolUpstreamTransport = Infer<typeof ProxyProtocolUpstreamTransport>;

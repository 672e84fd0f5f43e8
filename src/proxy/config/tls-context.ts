import { dirname } from 'node:path';
import { ConfigFault, within } from '../../match/config-fault.ts';
import { compileStringMatcher } from '../../match/string-match.ts';
import { unpack } from '../../xds/message.ts';
import type { DataSource } from '../../xds/messages/core.ts';
import type { StringMatcher } from '../../xds/messages/matcher.ts';
import {
  type CertificateValidationContext,
  type CommonTlsContext,
  type DownstreamTlsContext,
  type SdsSecretConfig,
  SpiffeCertValidatorConfig,
  type SubjectAltNameMatcher,
  type TlsCertificate,
  type TlsParameters as TlsParametersMessage,
  type UpstreamTlsContext,
} from '../../xds/messages/tls.ts';
import {
  type CertificateMaterial,
  type ClientTlsOptions,
  defaultClientTlsParameters,
  defaultServerTlsParameters,
  type SanRule,
  type SanType,
  type SecretSource,
  type ServerTlsOptions,
  type TlsParameters,
  type TlsVersion,
  type ValidationMaterial,
} from '../tls/options.ts';
import { readDataSource } from './data-source.ts';
import { readSecret, secretDirectories } from './secret-file.ts';

/** TLS settings of a listener's filter chain; throws ConfigFault. */
export function serverTlsOptions(message: DownstreamTlsContext): ServerTlsOptions {
  const common = message.common_tls_context as CommonTlsContext;
  const options = within('common_tls_context', () => ({
    parameters: compileParameters(common.tls_params, defaultServerTlsParameters),
    certificates: compileCertificates(common),
    validation: compileValidation(common),
    alpn: common.alpn_protocols,
  }));
  return {
    ...options,
    requireClientCertificate: message.require_client_certificate ?? false,
    requireSni: message.require_sni ?? false,
    sessionTickets: compileTickets(message),
    sessionTimeoutSeconds: Math.floor((message.session_timeout ?? 0) / 1000),
    preferClientCiphers: message.prefer_client_ciphers,
  };
}

/** TLS settings of a cluster; throws ConfigFault. */
export function clientTlsOptions(message: UpstreamTlsContext): ClientTlsOptions {
  const common = message.common_tls_context;
  const rest = { sni: message.sni, maxSessions: message.max_session_keys };
  if (message.allow_renegotiation)
    throw new ConfigFault('allow_renegotiation', 'renegotiation is not supported');
  if (common === undefined) {
    const parameters = defaultClientTlsParameters;
    return { parameters, certificate: undefined, validation: undefined, alpn: [], ...rest };
  }
  return within('common_tls_context', () => {
    const certificates = compileCertificates(common);
    if (certificates.length > 1) throw new ConfigFault('tls_certificates', 'a client has one certificate');
    return {
      parameters: compileParameters(common.tls_params, defaultClientTlsParameters),
      certificate: certificates[0],
      validation: compileValidation(common),
      alpn: common.alpn_protocols,
      ...rest,
    };
  });
}

const versions: Record<string, TlsVersion | undefined> = {
  TLSv1_0: 'TLSv1',
  TLSv1_1: 'TLSv1.1',
  TLSv1_2: 'TLSv1.2',
  TLSv1_3: 'TLSv1.3',
};

function compileParameters(
  message: TlsParametersMessage | undefined,
  defaults: TlsParameters,
): TlsParameters {
  if (message === undefined) return defaults;
  return {
    minVersion: versions[message.tls_minimum_protocol_version] ?? defaults.minVersion,
    maxVersion: versions[message.tls_maximum_protocol_version] ?? defaults.maxVersion,
    cipherSuites: message.cipher_suites,
    curves: message.ecdh_curves,
    signatureAlgorithms: message.signature_algorithms,
  };
}

function compileCertificates(common: CommonTlsContext): SecretSource<CertificateMaterial>[] {
  const fixed = common.tls_certificates.map((certificate, i) =>
    within(`tls_certificates[${i}]`, () =>
      source(certificateFiles(certificate), () => certificateMaterial(certificate)),
    ),
  );
  const fromSds = common.tls_certificate_sds_secret_configs.map((config, i) =>
    within(`tls_certificate_sds_secret_configs[${i}]`, () =>
      sdsSource(config, (secret) => {
        if (secret.tls_certificate === undefined)
          throw new Error(`secret "${config.name}" is no TLS certificate`);
        return certificateMaterial(secret.tls_certificate);
      }),
    ),
  );
  return [...fixed, ...fromSds];
}

/** A source that is read once when nothing in it lies in files. */
function source<T>(directories: readonly string[], load: () => T): SecretSource<T> {
  return directories.length === 0
    ? { kind: 'inline', value: load() }
    : { kind: 'watched', directories, load };
}

function sdsSource<T>(
  config: SdsSecretConfig,
  load: (secret: ReturnType<typeof readSecret>) => T,
): SecretSource<T> {
  const directories = secretDirectories(config);
  return { kind: 'watched', directories, load: () => load(readSecret(config)) };
}

function certificateFiles(message: TlsCertificate): string[] {
  return directoriesOf(
    [message.certificate_chain, message.private_key, message.password],
    message.watched_directory?.path,
  );
}

function directoriesOf(sources: readonly (DataSource | undefined)[], watched: string | undefined): string[] {
  const files = sources.filter((from) => from?.filename !== undefined);
  if (files.length === 0) return [];
  if (watched !== undefined) return [watched];
  return [
    ...new Set(files.map((from) => from?.watched_directory?.path ?? dirname(from?.filename as string))),
  ];
}

function certificateMaterial(message: TlsCertificate): CertificateMaterial {
  if (message.pkcs12 !== undefined) throw new ConfigFault('pkcs12', 'give the certificate and key as PEM');
  const { certificate_chain: chain, private_key: key, password } = message;
  if (chain === undefined) throw new ConfigFault('certificate_chain', 'is required');
  if (key === undefined) throw new ConfigFault('private_key', 'is required');
  return {
    chainPem: within('certificate_chain', () => text(chain)),
    keyPem: within('private_key', () => text(key)),
    passphrase: password && within('password', () => text(password)),
  };
}

function text(from: DataSource): string {
  return readDataSource(from).toString('utf8');
}

function compileValidation(common: CommonTlsContext): SecretSource<ValidationMaterial> | undefined {
  const { validation_context: fixed, validation_context_sds_secret_config: sds } = common;
  const combined = common.combined_validation_context;
  if (fixed !== undefined) return within('validation_context', () => fixedValidation(fixed));
  if (sds !== undefined) {
    return within('validation_context_sds_secret_config', () =>
      sdsSource(sds, (secret) => sdsValidation(sds, secret)),
    );
  }
  if (combined === undefined) return undefined;
  const config = combined.validation_context_sds_secret_config;
  const base = within('combined_validation_context.default_validation_context', () =>
    compileNames(combined.default_validation_context),
  );
  return within('combined_validation_context.validation_context_sds_secret_config', () =>
    sdsSource(config, (secret) =>
      merge(base, combined.default_validation_context, sdsValidation(config, secret)),
    ),
  );
}

function sdsValidation(config: SdsSecretConfig, secret: ReturnType<typeof readSecret>): ValidationMaterial {
  if (secret.validation_context === undefined)
    throw new Error(`secret "${config.name}" is no validation context`);
  return validationMaterial(secret.validation_context, compileNames(secret.validation_context));
}

function fixedValidation(message: CertificateValidationContext): SecretSource<ValidationMaterial> {
  const names = compileNames(message);
  const spiffe = unpack(message.custom_validator_config?.typed_config, SpiffeCertValidatorConfig);
  const sources = [
    message.trusted_ca,
    message.crl,
    ...(spiffe?.trust_domains.map((d) => d.trust_bundle) ?? []),
  ];
  return source(directoriesOf(sources, message.watched_directory?.path), () =>
    validationMaterial(message, names),
  );
}

/** The part of a validation context that does not lie in files, compiled once. */
interface NameRules {
  readonly sans: readonly SanRule[];
  readonly certificateHashes: readonly string[];
  readonly publicKeyHashes: readonly string[];
}

const sanTypes: Record<string, SanType | undefined> = {
  EMAIL: 'email',
  DNS: 'dns',
  URI: 'uri',
  IP_ADDRESS: 'ip',
};

function compileNames(message: CertificateValidationContext): NameRules {
  const typed = message.match_typed_subject_alt_names.map((rule: SubjectAltNameMatcher, i) =>
    within(`match_typed_subject_alt_names[${i}]`, () => {
      const type = sanTypes[rule.san_type];
      if (type === undefined) throw new ConfigFault('san_type', `${rule.san_type} is not supported`);
      return sanRule(type, rule.matcher);
    }),
  );
  const untyped = message.match_subject_alt_names.map((matcher) => sanRule('any', matcher));
  return {
    sans: [...typed, ...untyped],
    certificateHashes: message.verify_certificate_hash.map((hash) => hash.replaceAll(':', '').toLowerCase()),
    publicKeyHashes: message.verify_certificate_spki,
  };
}

function sanRule(type: SanType | 'any', matcher: StringMatcher): SanRule {
  return {
    type,
    exact: matcher.ignore_case ? undefined : matcher.exact,
    test: within('matcher', () => compileStringMatcher(matcher)),
  };
}

function validationMaterial(message: CertificateValidationContext, names: NameRules): ValidationMaterial {
  const custom = message.custom_validator_config?.typed_config;
  const spiffe = unpack(custom, SpiffeCertValidatorConfig);
  if (message.max_verify_depth !== undefined) {
    throw new ConfigFault('max_verify_depth', 'a limit on the chain is not supported');
  }
  return {
    ...names,
    caPem: message.trusted_ca && within('trusted_ca', () => text(message.trusted_ca as DataSource)),
    systemRoots: message.system_root_certs !== undefined,
    crlPem: message.crl && within('crl', () => text(message.crl as DataSource)),
    allowExpired: message.allow_expired_certificate,
    acceptUntrusted: message.trust_chain_verification === 'ACCEPT_UNTRUSTED',
    spiffeBundles: spiffe && within('custom_validator_config.typed_config', () => spiffeBundles(spiffe)),
  };
}

function spiffeBundles(message: SpiffeCertValidatorConfig): ReadonlyMap<string, string> {
  if (message.trust_bundles !== undefined) throw new ConfigFault('trust_bundles', 'use trust_domains');
  const bundles = new Map<string, string>();
  message.trust_domains.forEach((domain, i) => {
    const from = domain.trust_bundle;
    if (from === undefined) throw new ConfigFault(`trust_domains[${i}].trust_bundle`, 'is required');
    if (bundles.has(domain.name)) throw new ConfigFault(`trust_domains[${i}].name`, 'stands there twice');
    bundles.set(
      domain.name,
      within(`trust_domains[${i}].trust_bundle`, () => text(from)),
    );
  });
  return bundles;
}

/** A default context with what SDS brought: proto merge, so lists are joined and what SDS sets wins. */
function merge(
  base: NameRules,
  message: CertificateValidationContext,
  dynamic: ValidationMaterial,
): ValidationMaterial {
  const fixed = validationMaterial(message, base);
  return {
    caPem: dynamic.caPem ?? fixed.caPem,
    systemRoots: dynamic.systemRoots || fixed.systemRoots,
    crlPem: dynamic.crlPem ?? fixed.crlPem,
    sans: [...fixed.sans, ...dynamic.sans],
    certificateHashes: [...fixed.certificateHashes, ...dynamic.certificateHashes],
    publicKeyHashes: [...fixed.publicKeyHashes, ...dynamic.publicKeyHashes],
    allowExpired: dynamic.allowExpired || fixed.allowExpired,
    acceptUntrusted: dynamic.acceptUntrusted || fixed.acceptUntrusted,
    spiffeBundles: dynamic.spiffeBundles ?? fixed.spiffeBundles,
  };
}

const ticketKeyBytes = 80;

function compileTickets(message: DownstreamTlsContext): ServerTlsOptions['sessionTickets'] {
  if (message.disable_stateless_session_resumption === true) return 'off';
  const keysOf = (keys: readonly DataSource[]): Buffer[] =>
    keys.map((key, i) => {
      const bytes = readDataSource(key);
      if (bytes.length === ticketKeyBytes) return bytes;
      throw new ConfigFault(`keys[${i}]`, `is ${bytes.length} bytes long, not ${ticketKeyBytes}`);
    });
  const fixed = message.session_ticket_keys;
  if (fixed !== undefined) {
    return within('session_ticket_keys', () =>
      source(directoriesOf(fixed.keys, undefined), () => keysOf(fixed.keys)),
    );
  }
  const sds = message.session_ticket_keys_sds_secret_config;
  if (sds === undefined) return 'derived';
  return within('session_ticket_keys_sds_secret_config', () =>
    sdsSource(sds, (secret) => {
      if (secret.session_ticket_keys === undefined)
        throw new Error(`secret "${sds.name}" holds no ticket keys`);
      return keysOf(secret.session_ticket_keys.keys);
    }),
  );
}

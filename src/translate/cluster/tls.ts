import type { ClientTls } from '../../mesh/index.ts';
import type { Json } from '../typed.ts';
import { compact, typed } from '../typed.ts';

/** Roots of the image, for servers outside the mesh. */
const systemRoots = '/etc/ssl/certs/ca-certificates.crt';

/**
 * The upstream TLS of a DestinationRule, for modes SIMPLE and MUTUAL with files. ISTIO_MUTUAL between sidecars comes with the mesh's
 * certificates; until then it is plain text and says so on the rule's status.
 */
export function upstreamTls(tls: ClientTls | undefined, host: string, http2: boolean): Json | undefined {
  if (tls?.mode !== 'SIMPLE' && tls?.mode !== 'MUTUAL') return undefined;
  const names = tls.subjectAltNames ?? [];
  const validation = tls.insecureSkipVerify
    ? undefined
    : compact({
        trusted_ca: { filename: tls.caCertificates || systemRoots },
        match_typed_subject_alt_names:
          names.length === 0
            ? undefined
            : names.flatMap((exact) => ['DNS', 'URI'].map((san_type) => ({ san_type, matcher: { exact } }))),
      });
  const certificates =
    tls.mode === 'MUTUAL' && tls.clientCertificate && tls.privateKey
      ? [
          {
            certificate_chain: { filename: tls.clientCertificate },
            private_key: { filename: tls.privateKey },
          },
        ]
      : undefined;
  const sni = tls.sni || (host.startsWith('*') ? undefined : host);
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: typed(
      'upstreamTls',
      compact({
        common_tls_context: compact({
          tls_certificates: certificates,
          validation_context: validation,
          alpn_protocols: http2 ? ['h2'] : undefined,
        }),
        sni,
      }),
    ),
  };
}

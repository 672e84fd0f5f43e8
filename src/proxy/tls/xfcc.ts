import type { HeaderMap } from '../http/header-map.ts';
import type { TlsInfo } from '../network/tls-info.ts';

/** forward_client_cert_details. */
export type XfccMode =
  | 'sanitize'
  | 'forward-only'
  | 'append-forward'
  | 'sanitize-set'
  | 'always-forward-only';

/** set_current_client_cert_details: what a new element says besides By and Hash. */
export interface XfccDetails {
  readonly subject: boolean;
  readonly cert: boolean;
  readonly chain: boolean;
  readonly dns: boolean;
  readonly uri: boolean;
}

const header = 'x-forwarded-client-cert';

/** Sets, extends, keeps or removes `x-forwarded-client-cert` as Envoy does. `tls` is the downstream connection's. */
export function applyXfcc(
  headers: HeaderMap,
  mode: XfccMode,
  details: XfccDetails,
  tls: TlsInfo | undefined,
): void {
  if (mode === 'always-forward-only') return;
  // Without a client certificate nobody vouches for what the client wrote.
  if (mode === 'sanitize' || tls === undefined || !tls.peerCertificatePresented) {
    headers.remove(header);
    return;
  }
  if (mode === 'forward-only') return;
  const element = xfccElement(details, tls);
  const earlier = mode === 'append-forward' ? headers.getJoined(header) : undefined;
  headers.set(header, earlier === undefined || earlier === '' ? element : `${earlier},${element}`);
}

function xfccElement(details: XfccDetails, tls: TlsInfo): string {
  const parts: string[] = [];
  for (const uri of tls.uriSanLocal) parts.push(`By=${quoted(uri)}`);
  if (tls.fingerprintPeer !== '') parts.push(`Hash=${tls.fingerprintPeer}`);
  if (details.cert && tls.certificatePeer !== '') parts.push(`Cert="${tls.certificatePeer}"`);
  if (details.chain && tls.chainPeer !== '') parts.push(`Chain="${tls.chainPeer}"`);
  if (details.subject) parts.push(`Subject="${tls.subjectPeer}"`);
  if (details.uri) {
    if (tls.uriSanPeer.length === 0) parts.push('URI=');
    for (const uri of tls.uriSanPeer) parts.push(`URI=${quoted(uri)}`);
  }
  if (details.dns) for (const dns of tls.dnsSanPeer) parts.push(`DNS=${quoted(dns)}`);
  return parts.join(';');
}

/** The subject needs nothing: RFC 2253 has escaped its quotes. Values that hold a separator are quoted, so that a name cannot add elements of its own. */
function quoted(value: string): string {
  return /[,;="]/.test(value) ? `"${escapeQuotes(value)}"` : value;
}

function escapeQuotes(value: string): string {
  return value.replace(/["\\]/g, '\\$&');
}

/**
 * What matchers read of a request, connection and stream. The proxy's own types fit these shapes; the simulator and the CLI pass plain
 * objects. Nothing in this folder knows sockets.
 */
export interface HeaderReader {
  /** First value of a lower-case name. */
  get(name: string): string | undefined;
  /** All values of a lower-case name joined by `,`. */
  getJoined(name: string): string | undefined;
  /** All fields in arrival order: `[name0, value0, name1, value1, …]`, names lower-case. */
  readonly fields: readonly string[];
}

export interface RequestView {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  /** With query; empty for CONNECT without a path. */
  readonly path: string;
  readonly protocol?: string | undefined;
  readonly headers: HeaderReader;
}

export interface AddressView {
  /** '' for a Unix socket. */
  readonly ip: string;
  readonly port: number;
}

export interface TlsView {
  readonly peerCertificatePresented: boolean;
  readonly peerCertificateValidated: boolean;
  readonly uriSanPeer: readonly string[];
  readonly dnsSanPeer: readonly string[];
  readonly subjectPeer: string;
}

export interface ConnectionView {
  /** The client: socket peer or PROXY protocol. */
  readonly remote: AddressView;
  readonly directRemote: AddressView;
  readonly local: AddressView;
  readonly tls: TlsView | undefined;
  readonly requestedServerName: string;
}

/** Dynamic metadata and filter state, of a request or a connection. */
export interface StreamView {
  /** Client address after XFF rules; the connection's for TCP. */
  readonly remote: AddressView;
  readonly downstream: ConnectionView;
  metadata(namespace: string): Readonly<Record<string, unknown>> | undefined;
  filterState(key: string): unknown;
}

/** What else route matching depends on. */
export interface MatchContext {
  readonly stream: StreamView | undefined;
  /** A whole number that stays the same for one request: runtime fractions and weighted clusters divide it. */
  readonly randomValue: number;
  runtime(key: string): number | boolean | string | undefined;
}

/** The value of a header as matchers see it: pseudo-headers by their `:name`, `host` as `:authority`. */
export function headerValue(request: RequestView, name: string): string | undefined {
  if (name.charCodeAt(0) === 58) {
    switch (name) {
      case ':path':
        return request.path === '' ? undefined : request.path;
      case ':method':
        return request.method;
      case ':authority':
        return request.authority === '' ? undefined : request.authority;
      case ':scheme':
        return request.scheme === '' ? undefined : request.scheme;
      case ':protocol':
        return request.protocol;
      default:
        return undefined;
    }
  }
  if (name === 'host') return request.authority === '' ? undefined : request.authority;
  return request.headers.getJoined(name);
}

/** The path without query and fragment. */
export function pathWithoutQuery(path: string): string {
  const query = path.indexOf('?');
  const fragment = path.indexOf('#');
  if (query < 0) return fragment < 0 ? path : path.slice(0, fragment);
  return path.slice(0, fragment < 0 ? query : Math.min(query, fragment));
}

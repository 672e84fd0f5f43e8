/** Protocols a port can declare, in Istio's spelling (istio/pkg/config/protocol). */
export const protocols = [
  'TCP',
  'UDP',
  'GRPC',
  'GRPC-Web',
  'HTTP',
  'HTTP_PROXY',
  'HTTP2',
  'HTTPS',
  'TLS',
  'Mongo',
  'Redis',
  'MySQL',
] as const;

export type Protocol = (typeof protocols)[number];

const byWord = new Map<string, Protocol>(protocols.map((protocol) => [protocol.toLowerCase(), protocol]));

/** The protocol a word means in any letter case, or undefined. */
export function parseProtocol(word: string): Protocol | undefined {
  return byWord.get(word.toLowerCase());
}

export function isHttp(protocol: Protocol | undefined): boolean {
  return (
    protocol === 'HTTP' ||
    protocol === 'HTTP2' ||
    protocol === 'HTTP_PROXY' ||
    protocol === 'GRPC' ||
    protocol === 'GRPC-Web'
  );
}

/** TLS on the wire. */
export function isTls(protocol: Protocol | undefined): boolean {
  return protocol === 'HTTPS' || protocol === 'TLS';
}

export function isTcp(protocol: Protocol | undefined): boolean {
  return (
    isTls(protocol) ||
    protocol === 'TCP' ||
    protocol === 'Mongo' ||
    protocol === 'Redis' ||
    protocol === 'MySQL'
  );
}

/** Standard names of `appProtocol` (Kubernetes' Service API), besides those above. */
const appProtocols = new Map<string, Protocol>([
  ['kubernetes.io/h2c', 'HTTP2'],
  ['kubernetes.io/ws', 'HTTP'],
  ['kubernetes.io/wss', 'HTTPS'],
]);

/** Ports of protocols in which the server speaks first, so that looking at the client's first bytes would hang. */
export const serverFirstPorts: ReadonlyMap<number, string> = new Map([
  [25, 'SMTP'],
  [53, 'DNS'],
  [3306, 'MySQL'],
  [27017, 'MongoDB'],
]);

/**
 * Protocol of a Kubernetes service port: UDP by transport; then `appProtocol`, else the port name, each up to its first dash; then ports whose
 * servers speak first. Undefined means "look at the bytes". (istio/pkg/config/kube ConvertProtocol.)
 */
export function servicePortProtocol(port: {
  readonly port: number;
  readonly name?: string | undefined;
  readonly protocol?: string | undefined;
  readonly appProtocol?: string | undefined;
}): Protocol | undefined {
  if (port.protocol === 'UDP') return 'UDP';
  const standard = port.appProtocol === undefined ? undefined : appProtocols.get(port.appProtocol);
  const declared = standard ?? protocolOfPortName(port.appProtocol ?? port.name ?? '');
  return declared ?? (serverFirstPorts.has(port.port) ? 'TCP' : undefined);
}

/** `http-web` → HTTP, `grpc-web-x` → GRPC-Web, `web` → undefined. */
export function protocolOfPortName(name: string): Protocol | undefined {
  const lower = name.toLowerCase();
  if (lower.startsWith('grpc-web')) return 'GRPC-Web';
  const dash = lower.indexOf('-');
  return parseProtocol(dash === -1 ? lower : lower.slice(0, dash));
}

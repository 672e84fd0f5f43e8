import { inboundPassthroughAddress, proxyUid } from '../base/ports.ts';

/** What `pilot-agent istio-iptables` is told, by flag (seeds/002 shows the log of one run). Lists are comma-separated; `*` means all. */
export interface CaptureSettings {
  /** -p */ readonly proxyPort: number;
  /** -z */ readonly inboundPort: number;
  /** -u: one or more uids */ readonly proxyUid: string;
  /** -g */ readonly proxyGid: string;
  /** -m */ readonly mode: string;
  /** -b */ readonly includeInboundPorts: string;
  /** -d */ readonly excludeInboundPorts: string;
  /** -i */ readonly includeRanges: string;
  /** -x */ readonly excludeRanges: string;
  /** -q */ readonly includeOutboundPorts: string;
  /** -o */ readonly excludeOutboundPorts: string;
}

export const defaultCapture: CaptureSettings = {
  proxyPort: 15001,
  inboundPort: 15006,
  proxyUid: String(proxyUid),
  proxyGid: String(proxyUid),
  mode: 'REDIRECT',
  includeInboundPorts: '',
  excludeInboundPorts: '',
  includeRanges: '',
  excludeRanges: '',
  includeOutboundPorts: '',
  excludeOutboundPorts: '',
};

/** Two inputs for `iptables-restore --noflush` and `ip6tables-restore --noflush`; an empty text means nothing to apply. */
export interface CapturePlan {
  readonly v4: string;
  readonly v6: string;
}

/**
 * The nat rules that send a pod's traffic through its proxy: Istio's four chains, in Istio's order (seeds/002). Inbound connections go to
 * 15006, outbound to 15001; the proxy's own, loopback's and 127.0.0.6's do not loop.
 */
export function planCapture(settings: CaptureSettings): CapturePlan {
  return { v4: table(rules(settings, 4)), v6: table(rules(settings, 6)) };
}

/** The inverse, for `istio-clean-iptables`: each command may fail where nothing was set up. */
export function planCleanup(): string[][] {
  return [
    ['-t', 'nat', '-D', 'PREROUTING', '-p', 'tcp', '-j', 'ISTIO_INBOUND'],
    ['-t', 'nat', '-D', 'OUTPUT', '-p', 'tcp', '-j', 'ISTIO_OUTPUT'],
    ...['ISTIO_OUTPUT', 'ISTIO_INBOUND', 'ISTIO_REDIRECT', 'ISTIO_IN_REDIRECT'].flatMap((chain) => [
      ['-t', 'nat', '-F', chain],
      ['-t', 'nat', '-X', chain],
    ]),
  ];
}

function table(lines: string[]): string {
  return lines.length === 0 ? '' : `* nat\n${lines.join('\n')}\nCOMMIT\n`;
}

function rules(settings: CaptureSettings, family: 4 | 6): string[] {
  if (settings.mode === 'NONE') return [];
  return [
    '-N ISTIO_REDIRECT',
    '-N ISTIO_IN_REDIRECT',
    '-N ISTIO_INBOUND',
    '-N ISTIO_OUTPUT',
    `-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports ${settings.proxyPort}`,
    `-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports ${settings.inboundPort}`,
    ...inboundRules(settings),
    ...outboundRules(settings, family),
  ];
}

function inboundRules(settings: CaptureSettings): string[] {
  const included = list(settings.includeInboundPorts);
  if (included.length === 0) return [];
  const capture = included.includes('*')
    ? [
        // ssh stays reachable whatever happens to the proxy.
        '-A ISTIO_INBOUND -p tcp --dport 22 -j RETURN',
        ...list(settings.excludeInboundPorts).map(
          (port) => `-A ISTIO_INBOUND -p tcp --dport ${port} -j RETURN`,
        ),
        '-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT',
      ]
    : included.map((port) => `-A ISTIO_INBOUND -p tcp --dport ${port} -j ISTIO_IN_REDIRECT`);
  return ['-A PREROUTING -p tcp -j ISTIO_INBOUND', ...capture];
}

function outboundRules(settings: CaptureSettings, family: 4 | 6): string[] {
  const loopback = family === 4 ? '127.0.0.1/32' : '::1/128';
  const passthrough = family === 4 ? `${inboundPassthroughAddress}/32` : '::6/128';
  return [
    '-A OUTPUT -p tcp -j ISTIO_OUTPUT',
    ...list(settings.excludeOutboundPorts).map((port) => `-A ISTIO_OUTPUT -p tcp --dport ${port} -j RETURN`),
    `-A ISTIO_OUTPUT -o lo -s ${passthrough} -j RETURN`,
    ...ownerRules('uid', list(settings.proxyUid), loopback),
    ...ownerRules('gid', list(settings.proxyGid), loopback),
    `-A ISTIO_OUTPUT -d ${loopback} -j RETURN`,
    ...ofFamily(settings.excludeRanges, family).map((range) => `-A ISTIO_OUTPUT -d ${range} -j RETURN`),
    ...list(settings.includeOutboundPorts).map(
      (port) => `-A ISTIO_OUTPUT -p tcp --dport ${port} -j ISTIO_REDIRECT`,
    ),
    ...redirected(settings, family),
  ];
}

/**
 * A proxy that calls its own pod's address goes through its inbound side (so that policy holds); an application that calls itself over
 * loopback does not pass the proxy; the proxy's other connections leave untouched.
 */
function ownerRules(kind: 'uid' | 'gid', ids: string[], loopback: string): string[] {
  return ids.flatMap((id) => [
    `-A ISTIO_OUTPUT -o lo ! -d ${loopback} -m owner --${kind}-owner ${id} -j ISTIO_IN_REDIRECT`,
    `-A ISTIO_OUTPUT -o lo -m owner ! --${kind}-owner ${id} -j RETURN`,
    `-A ISTIO_OUTPUT -m owner --${kind}-owner ${id} -j RETURN`,
  ]);
}

function redirected(settings: CaptureSettings, family: 4 | 6): string[] {
  if (settings.includeRanges === '*') return ['-A ISTIO_OUTPUT -j ISTIO_REDIRECT'];
  const ranges = ofFamily(settings.includeRanges, family);
  if (ranges.length === 0) return [];
  return [
    ...ranges.map((range) => `-A ISTIO_OUTPUT -d ${range} -j ISTIO_REDIRECT`),
    '-A ISTIO_OUTPUT -j RETURN',
  ];
}

function ofFamily(ranges: string, family: 4 | 6): string[] {
  return list(ranges).filter((range) => range !== '*' && range.includes(':') === (family === 6));
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

import { isIP } from 'node:net';

const label = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const wildcardLabel = /^(?:\*|(?:\*|\*-)?[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)$/;

/** RFC 1123 label of at most 63 characters, either letter case (Istio's labels.IsDNS1123Label). */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && label.test(text);
}

function isWildcardLabel(text: string): boolean {
  return text.length <= 63 && wildcardLabel.test(text);
}

export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0;
}

/** `10.0.0.0/8`, `::1/128`; the length has no sign, no leading zero (Go's netip.ParsePrefix). */
export function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  if (rest.length > 0 || address.includes('%') || !/^(?:0|[1-9]\d{0,2})$/.test(bits)) return false;
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}

/** An address or a subnet (Istio's ValidateIPSubnet). */
export function isAddressOrSubnet(text: string): boolean {
  return text.includes('/') ? isCidr(text) : isIpAddress(text);
}

/** What is wrong with a fully qualified domain name; undefined when nothing is. One dot may end it. */
export function fqdnFault(name: string): string | undefined {
  return lengthFault(name) ?? labelsFault(name);
}

/** The same for a name whose first label may be or begin with `*`. */
export function wildcardDomainFault(name: string): string | undefined {
  const fault = lengthFault(name);
  if (fault !== undefined) return fault;
  const dot = name.indexOf('.');
  const first = dot === -1 ? name : name.slice(0, dot);
  if (!isWildcardLabel(first)) return `${quote(name)} is not a DNS name: ${labelAdvice(first)}`;
  return dot === -1 ? undefined : labelsFault(name.slice(dot + 1));
}

/** A `*` anywhere but as the whole first label. */
export function hasPartialWildcard(host: string): boolean {
  return host.includes('*') && host.length !== 1 && !host.startsWith('*.');
}

/** What is wrong with a SNI host at a gateway: also takes the generated `outbound_.PORT_.SUBSET_.HOST`. */
export function gatewayDomainFault(name: string, sni: boolean): string | undefined {
  if (!sni || !name.startsWith('outbound_')) return wildcardDomainFault(name);
  const [, port = '', , host = ''] = name.split('_');
  const sound = name.length <= 255 && /\d/.test(port) && /[a-zA-Z]/.test(host);
  return sound ? undefined : `${quote(name)} does not have the form outbound_.<PORT>_._.<HOSTNAME>`;
}

function lengthFault(name: string): string | undefined {
  if (name.length === 0) return 'a host name may not be empty';
  if (name.length > 255) return `host name has ${name.length} characters; at most 255 are allowed`;
  return undefined;
}

function labelsFault(name: string): string | undefined {
  const labels = name.split('.');
  const last = labels.at(-1) as string;
  if (/^[+-]?\d+$/.test(last)) return `${quote(name)} is not a DNS name: the last label may not be a number`;
  if (last === '') labels.pop();
  const bad = labels.find((part) => !isDnsLabel(part));
  return bad === undefined ? undefined : `${quote(name)} is not a DNS name: ${labelAdvice(bad)}`;
}

function labelAdvice(part: string): string {
  if (part === '') return 'two dots follow each other, or a dot begins it';
  if (part.includes('*')) return `"*" may only be or begin the first label`;
  if (part.length > 63) return `label ${quote(part)} is longer than 63 characters`;
  if (/[:/]/.test(part)) return 'write the host only, without scheme, port or path';
  return `label ${quote(part)} may hold only letters, digits and inner dashes`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text);
}

/** Whether two host names, each perhaps with a wildcard, can mean the same host (Istio's host.Name.Matches). */
export function hostsOverlap(a: string, b: string): boolean {
  const aWild = a.startsWith('*');
  const bWild = b.startsWith('*');
  if (aWild && bWild) return a.length < b.length ? b.endsWith(a.slice(1)) : a.endsWith(b.slice(1));
  if (aWild) return b.endsWith(a.slice(1));
  if (bWild) return a.endsWith(b.slice(1));
  return a === b;
}

/** Whether every host `inner` means is meant by `outer` (Istio's host.Name.SubsetOf). */
export function hostWithin(inner: string, outer: string): boolean {
  if (!outer.startsWith('*')) return inner === outer;
  if (inner.startsWith('*') && inner.length < outer.length) return false;
  return inner.endsWith(outer.slice(1));
}

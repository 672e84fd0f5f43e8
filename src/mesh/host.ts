/** Host arithmetic of Istio's rules: short names are relative to the rule's namespace, `*` and `*.suffix` are wildcards. */
export function fullHost(host: string, namespace: string, domain: string): string {
  const lower = host.toLowerCase();
  if (lower.includes('.') || lower.includes('*') || lower === '' || /^[0-9a-f]*:/.test(lower)) return lower;
  return `${lower}.${namespace}.svc.${domain}`;
}

export function isWildcard(host: string): boolean {
  return host.startsWith('*');
}

/** Whether `host` (itself possibly a wildcard) lies within `pattern`. */
export function hostWithin(pattern: string, host: string): boolean {
  if (!isWildcard(pattern)) return pattern === host;
  const suffix = pattern.slice(1);
  if (isWildcard(host)) return host.slice(1).endsWith(suffix);
  return host.endsWith(suffix) && host.length > suffix.length - (suffix === '' ? 1 : 0);
}

/** Whether some concrete host lies within both. */
export function hostsOverlap(a: string, b: string): boolean {
  return hostWithin(a, b) || hostWithin(b, a);
}

/** Negative when `a` is the more specific pattern: exact before wildcard, long before short. */
export function bySpecificity(a: string, b: string): number {
  const wild = Number(isWildcard(a)) - Number(isWildcard(b));
  return wild !== 0 ? wild : b.length - a.length;
}

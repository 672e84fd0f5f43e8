/**
 * Virtual-host domains: exact beats the longest `*suffix`, that beats the longest `prefix*`, that beats `*`. Hosts compare without
 * case; a wildcard stands for at least one character.
 */
export class DomainTable<T> {
  readonly #exact = new Map<string, T>();
  /** Distinct wildcard lengths, longest first, each with its literals. */
  readonly #suffixes: { length: number; values: Map<string, T> }[] = [];
  readonly #prefixes: { length: number; values: Map<string, T> }[] = [];
  #any: T | undefined;

  /** False when the domain is no form of those or stands already. */
  add(domain: string, value: T): boolean {
    const text = domain.toLowerCase();
    if (text === '*') {
      if (this.#any !== undefined) return false;
      this.#any = value;
      return true;
    }
    if (text.startsWith('*')) return addTo(this.#suffixes, text.slice(1), value);
    if (text.endsWith('*')) return addTo(this.#prefixes, text.slice(0, -1), value);
    if (this.#exact.has(text)) return false;
    this.#exact.set(text, value);
    return true;
  }

  find(authority: string): T | undefined {
    if (this.#exact.size === 0 && this.#suffixes.length === 0 && this.#prefixes.length === 0)
      return this.#any;
    const exact = this.#exact.get(authority);
    if (exact !== undefined) return exact;
    const host = authority.toLowerCase();
    const folded = this.#exact.get(host);
    if (folded !== undefined) return folded;
    for (const { length, values } of this.#suffixes) {
      if (length >= host.length) continue;
      const found = values.get(host.slice(host.length - length));
      if (found !== undefined) return found;
    }
    for (const { length, values } of this.#prefixes) {
      if (length >= host.length) continue;
      const found = values.get(host.slice(0, length));
      if (found !== undefined) return found;
    }
    return this.#any;
  }
}

function addTo<T>(lists: { length: number; values: Map<string, T> }[], literal: string, value: T): boolean {
  let list = lists.find((l) => l.length === literal.length);
  if (list === undefined) {
    list = { length: literal.length, values: new Map() };
    lists.push(list);
    lists.sort((a, b) => b.length - a.length);
  }
  if (list.values.has(literal)) return false;
  list.values.set(literal, value);
  return true;
}

/** `example.com:80` → `example.com`, `[::1]:80` → `[::1]`; a host without port as it is. */
export function withoutPort(authority: string): string {
  const colon = authority.lastIndexOf(':');
  if (colon < 0 || authority.indexOf(']', colon) >= 0) return authority;
  if (authority.startsWith('[') ? authority[colon - 1] !== ']' : authority.indexOf(':') !== colon)
    return authority;
  for (let i = colon + 1; i < authority.length; i++) {
    const code = authority.charCodeAt(i);
    if (code < 48 || code > 57) return authority;
  }
  return authority.slice(0, colon);
}

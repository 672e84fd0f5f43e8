import { randomUUID } from 'node:crypto';
import { xxHash64 } from '../../match/hash.ts';
import { cookieValue, queryParameter } from '../../match/header-match.ts';
import { compileSubstitution } from '../../match/string-match.ts';
import type { HashPolicy } from '../../xds/messages/route.ts';
import type { FormatContext } from '../access-log/format.ts';
import type { RequestHead } from '../http/stream.ts';
import type { Route } from '../router/route.ts';

type Source = (
  head: RequestHead,
  context: FormatContext,
  addCookie: (cookie: string) => void,
) => string | undefined;
type Step = { readonly source: Source; readonly terminal: boolean };

/** Compiles a route's hash policies as Envoy combines them: rotate left by one bit, then xor; `terminal` stops at the first that gave a hash. */
export function compileHashPolicies(policies: readonly HashPolicy[]): Route['hash'] {
  if (policies.length === 0) return undefined;
  const steps: Step[] = policies.map((policy) => ({ source: sourceOf(policy), terminal: policy.terminal }));
  return (head, context, addCookie) => {
    let hash: bigint | undefined;
    for (const { source, terminal } of steps) {
      const value = source(head, context, addCookie);
      if (value !== undefined) {
        const part = xxHash64(value);
        const before: bigint = hash ?? 0n;
        hash = BigInt.asUintN(64, (before << 1n) | (before >> 63n)) ^ part;
      }
      if (terminal && hash !== undefined) break;
    }
    return hash;
  };
}

function sourceOf(policy: HashPolicy): Source {
  const header = policy.header;
  if (header !== undefined) {
    const name = header.header_name.toLowerCase();
    const rewrite =
      header.regex_rewrite === undefined ? undefined : compileSubstitution(header.regex_rewrite);
    return (head) => {
      const value = headerText(head, name);
      return value === undefined || rewrite === undefined ? value : rewrite(value);
    };
  }
  const cookie = policy.cookie;
  if (cookie !== undefined) {
    return (head, _context, addCookie) => {
      const found = cookieValue(head.headers, cookie.name);
      if (found !== undefined || cookie.ttl === undefined) return found;
      const made = randomUUID().replaceAll('-', '').slice(0, 16);
      const path = cookie.path === '' ? '' : `; Path=${cookie.path}`;
      const age = cookie.ttl > 0 ? `; Max-Age=${Math.floor(cookie.ttl / 1000)}` : '';
      addCookie(`${cookie.name}="${made}"${age}${path}; HttpOnly`);
      return made;
    };
  }
  if (policy.connection_properties !== undefined) {
    const byIp = policy.connection_properties.source_ip;
    return (_head, context) => (byIp ? context.info.remote.ip || undefined : undefined);
  }
  const query = policy.query_parameter;
  if (query !== undefined) return (head) => queryParameter(head.path, query.name);
  const key = policy.filter_state?.key ?? '';
  return (_head, context) => {
    const value = context.info.filterState(key);
    return value === undefined ? undefined : String(value);
  };
}

function headerText(head: RequestHead, name: string): string | undefined {
  if (name === ':authority' || name === 'host') return head.authority;
  if (name === ':path') return head.path;
  if (name === ':method') return head.method;
  return head.headers.getJoined(name);
}

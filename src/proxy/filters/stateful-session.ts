import { cookieValue } from '../../match/header-match.ts';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import {
  CookieSessionState,
  type StatefulSession,
  type StatefulSessionPerRoute,
  unpack,
} from '../config/messages.ts';
import type { HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';

/**
 * `envoy.filters.http.stateful_session` with cookies: the first answer names its host in a cookie, later requests that bring the cookie go to
 * that host while it can be used.
 */
export const statefulSession: HttpFilterKind = {
  compile(name, config) {
    const own = compileSession(config as StatefulSession);
    return {
      name,
      create(exchange) {
        const session = (exchange.routeConfig(name) as Session | null | undefined) ?? own;
        return session === null ? undefined : new StatefulSessionFilter(session);
      },
    };
  },
  /** null switches the filter off. */
  compileRoute(config) {
    const rule = config as StatefulSessionPerRoute;
    return rule.disabled || rule.stateful_session === undefined
      ? disabled
      : compileSession(rule.stateful_session);
  },
};

interface Session {
  readonly cookie: string;
  readonly path: string;
  readonly attributes: string;
  readonly strict: boolean;
}
const disabled: Session = { cookie: '', path: '', attributes: '', strict: false };

function compileSession(config: StatefulSession): Session | null {
  if (config.session_state === undefined) return null;
  const state = unpack(config.session_state.typed_config, CookieSessionState);
  if (state === undefined) throw new Error(`session state ${config.session_state.name} is not supported`);
  const { name, ttl, path, attributes } = state.cookie;
  let text = path === '' ? '' : `; Path=${path}`;
  if (ttl !== undefined && ttl > 0) text = `; Max-Age=${Math.floor(ttl / 1000)}${text}`;
  for (const attribute of attributes)
    text += attribute.value === '' ? `; ${attribute.name}` : `; ${attribute.name}=${attribute.value}`;
  return { cookie: name, path, attributes: `${text}; HttpOnly`, strict: config.strict };
}

class StatefulSessionFilter implements HttpFilter {
  readonly #session: Session;
  #wanted: string | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead): HeadStatus {
    const { cookie, path, strict } = this.#session;
    if (cookie === '' || !pathMatches(head.path, path)) return 'continue';
    const value = cookieValue(head.headers, cookie);
    const address = value === undefined ? undefined : decodeAddress(value);
    if (address === undefined) return 'continue';
    this.#wanted = address;
    exchange.info.overrideHost = address;
    exchange.info.overrideHostStrict = strict;
    return 'continue';
  }

  onResponseHead(exchange: HttpExchange, head: ResponseHead): HeadStatus {
    const { cookie, path, attributes } = this.#session;
    const host = exchange.info.upstreamHost?.address.text;
    if (
      cookie === '' ||
      host === undefined ||
      host === this.#wanted ||
      !pathMatches(exchange.request.path, path)
    )
      return 'continue';
    head.headers.add('set-cookie', `${cookie}="${Buffer.from(host).toString('base64')}"${attributes}`);
    return 'continue';
  }
}

/** A request path belongs to a cookie path as RFC 6265 says. */
function pathMatches(path: string, cookiePath: string): boolean {
  if (cookiePath === '' || cookiePath === '/') return true;
  if (!path.startsWith(cookiePath)) return false;
  const next = path[cookiePath.length];
  return cookiePath.endsWith('/') || next === undefined || next === '/' || next === '?' || next === '#';
}

/** The value is the base64 of `ip:port`. */
function decodeAddress(value: string): string | undefined {
  const text = Buffer.from(value, 'base64').toString('latin1');
  return /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]):\d{1,5}$/.test(text) ? text : undefined;
}

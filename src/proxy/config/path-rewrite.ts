import { ConfigFault } from '../../match/config-fault.ts';
import { compileSubstitution } from '../../match/string-match.ts';
import { compileTemplateRewrite, compileUriTemplate } from '../../match/uri-template.ts';
import { unpack } from '../../xds/message.ts';
import type { RedirectAction, Route, RouteAction } from '../../xds/messages/route.ts';
import { UriTemplateMatchConfig, UriTemplateRewriteConfig } from '../../xds/messages/route-match.ts';
import type { RequestHead } from '../http/stream.ts';
import type { RedirectRule } from '../router/route.ts';

type Rewrite = (path: string) => string;

/** How a route rewrites `:path`; undefined when it does not. */
export function compilePathRewrite(
  route: Route,
  action: RouteAction,
): ((head: RequestHead) => void) | undefined {
  const rewrite = pathRewrite(route, action);
  if (rewrite === undefined) return undefined;
  return (head) => {
    head.path = rewrite(head.path);
  };
}

function pathRewrite(route: Route, action: RouteAction): Rewrite | undefined {
  if (action.prefix_rewrite !== '') return prefixRewrite(route, action.prefix_rewrite);
  if (action.regex_rewrite !== undefined) return onPath(compileSubstitution(action.regex_rewrite));
  if (action.path_rewrite !== '')
    throw new ConfigFault('route.path_rewrite', 'path_rewrite is not supported: use path_rewrite_policy');
  const policy = unpack(action.path_rewrite_policy?.typed_config, UriTemplateRewriteConfig);
  if (policy === undefined) return undefined;
  const match = unpack(route.match.path_match_policy?.typed_config, UriTemplateMatchConfig);
  if (match === undefined)
    throw new ConfigFault('route.path_rewrite_policy', 'a URI template rewrite needs a URI template match');
  const template = compileUriTemplate(match.path_template);
  const rewrite = compileTemplateRewrite(policy.path_template_rewrite, template.variables);
  return onPath((path) => {
    const values = template.capture(path);
    return values === undefined ? path : rewrite(values);
  });
}

/** Applies a rewrite to the path without its query. */
function onPath(rewrite: (path: string) => string): Rewrite {
  return (target) => {
    const query = target.indexOf('?');
    return query < 0 ? rewrite(target) : rewrite(target.slice(0, query)) + target.slice(query);
  };
}

/** Replaces what the route matched: the whole path of an exact match, the prefix of a prefix match, the whole path of a regex. */
function prefixRewrite(route: Route, replacement: string): Rewrite {
  const match = route.match;
  const exact = match.path;
  if (exact !== undefined) return (target) => replacement + target.slice(exact.length);
  const prefix = match.prefix ?? match.path_separated_prefix;
  if (prefix !== undefined) return (target) => replacement + target.slice(prefix.length);
  return (target) => {
    const query = target.indexOf('?');
    return query < 0 ? replacement : replacement + target.slice(query);
  };
}

const redirectStatus = {
  MOVED_PERMANENTLY: 301,
  FOUND: 302,
  SEE_OTHER: 303,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,
} as const;

export function compileRedirect(route: Route, action: RedirectAction): RedirectRule {
  const regex =
    action.regex_rewrite === undefined ? undefined : onPath(compileSubstitution(action.regex_rewrite));
  const prefix =
    action.prefix_rewrite === undefined ? undefined : prefixRewrite(route, action.prefix_rewrite);
  const scheme = action.https_redirect === true ? 'https' : (action.scheme_redirect ?? '');
  const path = (target: string): string => {
    if (action.path_redirect !== undefined)
      return withQuery(action.path_redirect, target, action.strip_query);
    const changed = prefix?.(target) ?? regex?.(target) ?? target;
    return action.strip_query ? changed.replace(/\?.*$/s, '') : changed;
  };
  return {
    status: redirectStatus[action.response_code],
    location(head) {
      const before = head.headers.get('x-forwarded-proto') ?? head.scheme;
      const after = scheme === '' ? before : scheme;
      const host =
        action.host_redirect === ''
          ? hostOf(head.authority, before, after, action.port_redirect)
          : action.host_redirect;
      const port = action.port_redirect > 0 ? `:${action.port_redirect}` : '';
      return `${after}://${host}${port}${path(head.path)}`;
    },
  };
}

/** The request's host; its port goes when another is given, or when it is the default of the scheme that changes. */
function hostOf(authority: string, before: string, after: string, port: number): string {
  const found = /^(.*):([0-9]+)$/.exec(authority);
  if (found === null) return authority;
  const isDefault = (before === 'http' && found[2] === '80') || (before === 'https' && found[2] === '443');
  return port > 0 || (before !== after && isDefault) ? (found[1] as string) : authority;
}

function withQuery(path: string, target: string, strip: boolean): string {
  const query = target.indexOf('?');
  return strip || query < 0 || path.includes('?') ? path : path + target.slice(query);
}

import { cookieValue, queryParameter } from '../../match/header-match.ts';
import type { JwtProvider } from '../config/messages.ts';
import type { RequestHead } from '../http/stream.ts';

/** One place a token can stand in a request. */
export interface FoundToken {
  readonly token: string;
  /** Takes it out of the request, so that the upstream does not see it. */
  remove(head: RequestHead): void;
}

type Source = (head: RequestHead) => readonly FoundToken[];

/** Where a provider's tokens stand: `Authorization: Bearer` and `access_token` unless it names places of its own. */
export function tokenSource(provider: JwtProvider): Source {
  const sources: Source[] = [
    ...provider.from_headers.map((h) => fromHeader(h.name.toLowerCase(), h.value_prefix)),
    ...provider.from_params.map(fromParameter),
    ...provider.from_cookies.map(fromCookie),
  ];
  if (sources.length === 0)
    sources.push(fromHeader('authorization', 'Bearer '), fromParameter('access_token'));
  return (head) => sources.flatMap((source) => source(head));
}

function fromHeader(name: string, prefix: string): Source {
  return (head) => {
    const value = head.headers.get(name);
    if (value === undefined || !value.startsWith(prefix)) return [];
    const token = /^[A-Za-z0-9_.-]*/.exec(value.slice(prefix.length).trim())?.[0] ?? '';
    return token === '' && prefix !== '' ? [] : [{ token, remove: (h) => void h.headers.remove(name) }];
  };
}

function fromParameter(name: string): Source {
  return (head) => {
    const token = queryParameter(head.path, name);
    if (token === undefined) return [];
    const remove = (h: RequestHead) => {
      h.path = withoutParameter(h.path, name);
    };
    return [{ token, remove }];
  };
}

function fromCookie(name: string): Source {
  return (head) => {
    const token = cookieValue(head.headers, name);
    return token === undefined ? [] : [{ token, remove() {} }];
  };
}

function withoutParameter(path: string, name: string): string {
  const mark = path.indexOf('?');
  const rest = path
    .slice(mark + 1)
    .split('&')
    .filter((pair) => pair.split('=', 1)[0] !== name);
  return rest.length === 0 ? path.slice(0, mark) : `${path.slice(0, mark)}?${rest.join('&')}`;
}

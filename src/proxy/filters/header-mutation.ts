import { compileStringMatcher } from '../../match/string-match.ts';
import type { FormatContext } from '../access-log/format.ts';
import { compileMutations } from '../config/header-mutation.ts';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type {
  HeaderMutation,
  HeaderMutationFilter,
  HeaderMutationPerRoute,
  Mutations,
} from '../config/messages.ts';
import type { HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import type { HeaderMap } from '../http/header-map.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';
import { formatContext } from './format-context.ts';

/**
 * `envoy.filters.http.header_mutation`: changes headers, query parameters and trailers; first as the filter says, then as route
 * configuration, virtual host and route say, or the other way round with `most_specific_header_mutations_wins` off.
 */
export const headerMutation: HttpFilterKind = {
  compile(name, config) {
    const message = config as HeaderMutationFilter;
    const own = compileAll(message.mutations);
    const specificLast = message.most_specific_header_mutations_wins;
    return {
      name,
      create(exchange) {
        const routes = exchange.routeConfigs(name) as readonly Compiled[];
        if (routes.length === 0)
          return own === undefined ? undefined : new HeaderMutationFilterInstance([own]);
        const levels = specificLast ? routes : routes.toReversed();
        return new HeaderMutationFilterInstance(own === undefined ? levels : [own, ...levels]);
      },
    };
  },
  compileRoute: (config) => compileAll((config as HeaderMutationPerRoute).mutations) ?? nothing,
};

type Change = (headers: HeaderMap, context: FormatContext, head: RequestHead | ResponseHead) => void;

interface Compiled {
  readonly request: readonly Change[];
  readonly query: ((path: string) => string) | undefined;
  readonly response: readonly Change[];
  readonly requestTrailers: readonly Change[];
  readonly responseTrailers: readonly Change[];
}

const nothing: Compiled = {
  request: [],
  query: undefined,
  response: [],
  requestTrailers: [],
  responseTrailers: [],
};

function compileAll(mutations: Mutations | undefined): Compiled | undefined {
  if (mutations === undefined) return undefined;
  const list = (items: readonly HeaderMutation[]) => items.map(compileOne);
  return {
    request: list(mutations.request_mutations),
    query: compileQuery(mutations.query_parameter_mutations),
    response: list(mutations.response_mutations),
    requestTrailers: list(mutations.request_trailers_mutations),
    responseTrailers: list(mutations.response_trailers_mutations),
  };
}

function compileOne(mutation: HeaderMutation): Change {
  if (mutation.remove !== undefined) {
    const name = mutation.remove.toLowerCase();
    return (headers) => void headers.remove(name);
  }
  if (mutation.remove_on_match !== undefined) {
    const test = compileStringMatcher(mutation.remove_on_match.key_matcher);
    return (headers) => {
      const names = new Set(headers.fields.filter((_, i) => i % 2 === 0));
      for (const name of names) if (test(name)) headers.remove(name);
    };
  }
  return (
    compileMutations([
      { add: mutation.append === undefined ? [] : [mutation.append], remove: [], path: 'append' },
    ]) ?? (() => {})
  );
}

type QueryMutations = Mutations['query_parameter_mutations'];

function compileQuery(mutations: QueryMutations): ((path: string) => string) | undefined {
  if (mutations.length === 0) return undefined;
  return (path) => {
    const mark = path.indexOf('?');
    const base = mark < 0 ? path : path.slice(0, mark);
    const parameters = parseParameters(mark < 0 ? '' : path.slice(mark + 1));
    for (const { append, remove } of mutations) {
      if (remove !== '') parameters.delete(remove);
      const key = append?.record?.key ?? append?.entry?.key;
      if (append === undefined || key === undefined) continue;
      const value =
        append.record === undefined
          ? (append.entry?.value?.toString('latin1') ?? '')
          : String(append.record.value ?? '');
      const known = parameters.get(key);
      if (append.action === 'ADD_IF_ABSENT' && known !== undefined) continue;
      if (append.action === 'OVERWRITE_IF_EXISTS' && known === undefined) continue;
      if (known === undefined || append.action.startsWith('OVERWRITE'))
        parameters.set(key, [encodeURIComponent(value)]);
      else known.push(encodeURIComponent(value));
    }
    if (parameters.size === 0) return base;
    const names = [...parameters.keys()].sort();
    return `${base}?${names.flatMap((name) => (parameters.get(name) ?? []).map((value) => `${name}=${value}`)).join('&')}`;
  };
}

/** Values by name, as written; Envoy writes parameters back in name order. */
function parseParameters(query: string): Map<string, string[]> {
  const parameters = new Map<string, string[]>();
  for (const pair of query === '' ? [] : query.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    const known = parameters.get(name);
    if (known === undefined) parameters.set(name, [value]);
    else known.push(value);
  }
  return parameters;
}

class HeaderMutationFilterInstance implements HttpFilter {
  readonly #levels: readonly Compiled[];

  constructor(levels: readonly Compiled[]) {
    this.#levels = levels;
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead): HeadStatus {
    const context = formatContext(exchange);
    for (const level of this.#levels) {
      for (const change of level.request) change(head.headers, context, head);
      if (level.query !== undefined) head.path = level.query(head.path);
    }
    return 'continue';
  }

  onRequestTrailers(exchange: HttpExchange, trailers: HeaderMap): HeadStatus {
    const context = formatContext(exchange);
    for (const level of this.#levels)
      for (const change of level.requestTrailers) change(trailers, context, exchange.request);
    return 'continue';
  }

  onResponseHead(exchange: HttpExchange, head: ResponseHead): HeadStatus {
    const context = formatContext(exchange);
    for (const level of this.#levels)
      for (const change of level.response) change(head.headers, context, head);
    return 'continue';
  }

  onResponseTrailers(exchange: HttpExchange, trailers: HeaderMap): HeadStatus {
    const context = formatContext(exchange);
    const head = exchange.response ?? { status: 0, headers: trailers };
    for (const level of this.#levels)
      for (const change of level.responseTrailers) change(trailers, context, head);
    return 'continue';
  }
}

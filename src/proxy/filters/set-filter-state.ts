import { compileText } from '../access-log/format.ts';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { SetFilterState } from '../config/messages.ts';
import type { HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import { formatContext } from './format-context.ts';

/** `envoy.filters.http.set_filter_state`: stores formatted text in the request's filter state, where access logs, RBAC and routes find it. */
export const setFilterState: HttpFilterKind = {
  compile(name, config) {
    const own = new SetFilterStateFilter(config as SetFilterState);
    return {
      name,
      create: (exchange) => (exchange.routeConfig(name) as SetFilterStateFilter | undefined) ?? own,
    };
  },
  compileRoute: (config) => new SetFilterStateFilter(config as SetFilterState),
};

class SetFilterStateFilter implements HttpFilter {
  readonly #values: readonly {
    readonly key: string;
    readonly skipEmpty: boolean;
    readonly render: ReturnType<typeof compileText>;
  }[];

  constructor(config: SetFilterState) {
    this.#values = config.on_request_headers.map((value) => {
      const text = value.format_string?.text_format ?? value.format_string?.text_format_source?.inline_string;
      if (text === undefined) throw new Error('set_filter_state needs a text format');
      const absent = value.format_string?.omit_empty_values ? '' : '-';
      return {
        key: value.object_key ?? '',
        skipEmpty: value.skip_if_empty,
        render: compileText(text, absent),
      };
    });
  }

  onRequestHead(exchange: HttpExchange): HeadStatus {
    const context = formatContext(exchange);
    for (const { key, skipEmpty, render } of this.#values) {
      const text = render(context);
      if (text !== '' || !skipEmpty) exchange.info.setFilterState(key, text);
    }
    return 'continue';
  }
}

import type { FormatContext } from '../access-log/format.ts';
import type { HttpExchange } from '../http/filter.ts';

/** What format operators in a filter's configuration read. */
export function formatContext(exchange: HttpExchange): FormatContext {
  return {
    info: exchange.info,
    request: exchange.request,
    response: exchange.response,
    responseTrailers: undefined,
    localReplyBody: '',
  };
}

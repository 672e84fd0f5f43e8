import { within } from '../../match/config-fault.ts';
import type { SubstitutionFormatString } from '../../xds/messages/core.ts';
import type { LocalReplyConfig } from '../../xds/messages/http-connection-manager.ts';
import { compileText, type FormatContext } from '../access-log/format.ts';
import { compileJson } from '../access-log/json-format.ts';
import { HeaderMap } from '../http/header-map.ts';
import type { ManagerConfig } from '../http/manager-config.ts';
import { compileFilter } from './access-log.ts';
import type { CompileContext } from './compile-context.ts';
import { readDataSource } from './data-source.ts';
import { compileMutations } from './header-mutation.ts';

interface BodyFormat {
  readonly contentType: string;
  render(context: FormatContext): string;
}

/** Compiles `local_reply_config`: the first mapper whose filter passes changes status, body and headers; then the body format applies. */
export function compileLocalReply(
  config: LocalReplyConfig | undefined,
  ctx: CompileContext,
): ManagerConfig['localReply'] {
  if (config === undefined) return undefined;
  const shared =
    config.body_format === undefined
      ? undefined
      : within('local_reply_config.body_format', () =>
          bodyFormat(config.body_format as SubstitutionFormatString),
        );
  const mappers = config.mappers.map((mapper, i) =>
    within(`local_reply_config.mappers[${i}]`, () => ({
      filter: compileFilter(mapper.filter, ctx),
      status: mapper.status_code,
      body: mapper.body === undefined ? undefined : readDataSource(mapper.body).toString('utf8'),
      format: mapper.body_format_override === undefined ? undefined : bodyFormat(mapper.body_format_override),
      mutate: compileMutations([{ add: mapper.headers_to_add, remove: [], path: 'headers_to_add' }]),
    })),
  );
  return (reply, exchange) => {
    exchange.info.responseCode = reply.status;
    const mapper = mappers.find(({ filter }) => filter(exchange));
    const headers = new HeaderMap([...(reply.headers ?? [])]);
    const status = mapper?.status ?? reply.status;
    mapper?.mutate?.(headers, exchange, { status, headers });
    exchange.info.responseCode = status;
    const body = mapper?.body ?? reply.body ?? '';
    const format = mapper?.format ?? shared;
    const text = format === undefined ? body : format.render(new WithBody(exchange, body));
    return { status, body: text, contentType: format?.contentType ?? 'text/plain', headers: headers.fields };
  };
}

/** %LOCAL_REPLY_BODY% is the body before formatting. */
class WithBody implements FormatContext {
  readonly #context: FormatContext;
  readonly localReplyBody: string;
  readonly responseTrailers = undefined;

  constructor(context: FormatContext, body: string) {
    this.#context = context;
    this.localReplyBody = body;
  }

  get info() {
    return this.#context.info;
  }
  get request() {
    return this.#context.request;
  }
  get response() {
    return this.#context.response;
  }
}

function bodyFormat(message: SubstitutionFormatString): BodyFormat {
  if (message.json_format !== undefined) {
    const render = compileJson(message.json_format, message.omit_empty_values);
    return { contentType: message.content_type || 'application/json', render };
  }
  const source =
    message.text_format ??
    (message.text_format_source === undefined
      ? ''
      : readDataSource(message.text_format_source).toString('utf8'));
  return {
    contentType: message.content_type || 'text/plain',
    render: compileText(source, message.omit_empty_values ? '' : '-'),
  };
}

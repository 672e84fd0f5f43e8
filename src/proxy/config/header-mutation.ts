import { ConfigFault } from '../../match/config-fault.ts';
import type { HeaderValueOption } from '../../xds/messages/core.ts';
import type { FormatContext } from '../access-log/format.ts';
import { compileText, FormatError } from '../access-log/format.ts';
import type { HeaderMap } from '../http/header-map.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';
import type { HeaderMutation } from '../router/route.ts';

/** `*_headers_to_add` and `*_headers_to_remove` of one level. */
export interface MutationLevel {
  readonly add: readonly HeaderValueOption[];
  readonly remove: readonly string[];
  readonly path: string;
}

type Step = (headers: HeaderMap, context: FormatContext, head: RequestHead | ResponseHead) => void;

/** Compiles header changes of several levels in the order they apply; undefined when there are none. Values may hold format operators. */
export function compileMutations(levels: readonly MutationLevel[]): HeaderMutation | undefined {
  const steps: Step[] = levels.flatMap((level) => [
    ...level.remove.map((name) => removal(name.toLowerCase())),
    ...level.add.map((option, i) => addition(option, `${level.path}[${i}]`)),
  ]);
  if (steps.length === 0) return undefined;
  return (headers, context, head) => {
    for (const step of steps) step(headers, context, head);
  };
}

function removal(name: string): Step {
  return (headers) => void headers.remove(name);
}

function addition(option: HeaderValueOption, path: string): Step {
  const name = option.header.key.toLowerCase();
  if (name === 'host' || name.startsWith(':'))
    return pseudo(name === 'host' ? ':authority' : name, option, path);
  const value = compileHeaderValue(option, path);
  const keepEmpty = option.keep_empty_value;
  const action = actionOf(option);
  return (headers, context) => {
    const text = value(context);
    if (text === '' && !keepEmpty) return;
    if (action === 'APPEND_IF_EXISTS_OR_ADD') headers.add(name, text);
    else if (action === 'ADD_IF_ABSENT') {
      if (!headers.has(name)) headers.add(name, text);
    } else if (action === 'OVERWRITE_IF_EXISTS_OR_ADD') headers.set(name, text);
    else if (headers.has(name)) headers.set(name, text);
  };
}

function actionOf(option: HeaderValueOption): HeaderValueOption['append_action'] {
  if (option.append === undefined) return option.append_action;
  return option.append ? 'APPEND_IF_EXISTS_OR_ADD' : 'OVERWRITE_IF_EXISTS_OR_ADD';
}

/** Changes of `:authority`, `:path`, `:method` and `:scheme`; others cannot be set. */
function pseudo(name: string, option: HeaderValueOption, path: string): Step {
  const fields: Record<string, 'authority' | 'path' | 'method' | 'scheme'> = {
    ':authority': 'authority',
    ':path': 'path',
    ':method': 'method',
    ':scheme': 'scheme',
  };
  const field = fields[name];
  if (field === undefined) throw new ConfigFault(path, `${name} cannot be set`);
  const value = compileHeaderValue(option, path);
  return (_headers, context, head) => {
    const text = value(context);
    if (text !== '' && 'method' in head) head[field] = text;
  };
}

/** A header value's renderer. What comes out is latin1 without line ends: UTF-8 of the configuration goes on the wire as its bytes. */
export function compileHeaderValue(
  option: HeaderValueOption,
  path: string,
): (context: FormatContext) => string {
  const raw = option.header.raw_value;
  const source = raw === undefined ? wire(option.header.value) : raw.latin1Slice(0, raw.length);
  try {
    const render = compileText(source, '');
    if (!source.includes('%')) return () => source;
    return (context) => clean(render(context));
  } catch (thrown) {
    if (thrown instanceof FormatError) throw new ConfigFault(path, thrown.message);
    throw thrown;
  }
}

/** UTF-8 bytes as a latin1 string. */
export function wire(text: string): string {
  return /[^\0-\x7f]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

function clean(text: string): string {
  const latin = /[^\0-\xff]/.test(text) ? wire(text) : text;
  return /[\0\r\n]/.test(latin) ? latin.replaceAll(/[\0\r\n]+/g, ' ') : latin;
}

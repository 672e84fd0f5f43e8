import { compileRegex, type Regex } from '../base/regex.ts';
import { ConfigFault } from './config-fault.ts';

/**
 * URI templates of `envoy.path.match.uri_template`: literals, `*` (one segment or part of one), `**` (any rest, last only), `{name}`
 * and `{name=pattern}`. At most five variables with names of at most 16 characters.
 */
export interface UriTemplate {
  matches(path: string): boolean;
  /** The variables of a path that matches, or undefined. */
  capture(path: string): ReadonlyMap<string, string> | undefined;
  readonly variables: readonly string[];
}

const segmentCharacter = "[a-zA-Z0-9._~%!$&'()+,;:@-]";
const anyCharacter = "[a-zA-Z0-9._~%!$&'()+,;:@/=-]";
const maxVariables = 5;
const maxNameLength = 16;

/** Throws ConfigFault on a template that is none. */
export function compileUriTemplate(template: string): UriTemplate {
  const { pattern, variables } = toPattern(template);
  const regex = compileRegex(pattern);
  if (typeof regex === 'string')
    throw new ConfigFault('path_template', `invalid path template ${JSON.stringify(template)}`);
  return new CompiledTemplate(regex, variables);
}

class CompiledTemplate implements UriTemplate {
  readonly variables: readonly string[];
  readonly #regex: Regex;

  constructor(regex: Regex, variables: readonly string[]) {
    this.#regex = regex;
    this.variables = variables;
  }

  matches(path: string): boolean {
    return this.#regex.matches(path);
  }

  capture(path: string): ReadonlyMap<string, string> | undefined {
    const groups = this.#regex.capture(path);
    if (groups === undefined) return undefined;
    return new Map(this.variables.map((name, i) => [name, groups[i + 1] ?? '']));
  }
}

function fault(template: string, why: string): never {
  throw new ConfigFault('path_template', `invalid path template ${JSON.stringify(template)}: ${why}`);
}

function toPattern(template: string): { pattern: string; variables: string[] } {
  if (!template.startsWith('/')) fault(template, 'it must begin with "/"');
  const variables: string[] = [];
  const state = { ended: false };
  let pattern = '';
  for (let i = 0; i < template.length; ) {
    if (template[i] === '/') {
      if (template[i + 1] === '/') fault(template, 'it has an empty segment');
      if (state.ended) fault(template, '"**" must come last');
      pattern += '/';
      i++;
    } else if (template[i] === '{') {
      const end = template.indexOf('}', i);
      if (end < 0) fault(template, 'a variable is not closed');
      pattern += variable(template, template.slice(i + 1, end), variables, state);
      i = end + 1;
      if (i < template.length && template[i] !== '/') fault(template, 'a variable must fill its segment');
    } else {
      const piece = /^[^/{]+/.exec(template.slice(i))?.[0] as string;
      pattern += segment(template, piece, state);
      i += piece.length;
      if (template[i] === '{') fault(template, 'a variable must fill its segment');
    }
  }
  return { pattern, variables };
}

function variable(template: string, text: string, variables: string[], state: { ended: boolean }): string {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  if (!/^[a-zA-Z][a-zA-Z0-9_]*$/.test(name) || name.length > maxNameLength)
    fault(template, `bad variable name "${name}"`);
  if (variables.includes(name)) fault(template, `the variable "${name}" stands twice`);
  if (variables.push(name) > maxVariables) fault(template, `more than ${maxVariables} variables`);
  if (equals < 0) return `(${segmentCharacter}+)`;
  const inner = text.slice(equals + 1);
  if (inner === '' || inner.startsWith('/')) fault(template, `the variable "${name}" has no pattern`);
  return `(${inner
    .split('/')
    .map((part) => segment(template, part, state))
    .join('/')})`;
}

function segment(template: string, piece: string, state: { ended: boolean }): string {
  if (state.ended) fault(template, '"**" must come last');
  if (piece === '**') {
    state.ended = true;
    return `${anyCharacter}*`;
  }
  if (piece === '*') return `${segmentCharacter}+`;
  if (!/^[a-zA-Z0-9._~%!$&'()+,;:@=-]+$/.test(piece)) fault(template, `"${piece}" is no path segment`);
  return piece.replace(/[.$()+]/g, '\\$&');
}

/** Compiles a rewrite: literals and `{name}` of the match template. Throws ConfigFault. */
export function compileTemplateRewrite(
  rewrite: string,
  variables: readonly string[],
): (values: ReadonlyMap<string, string>) => string {
  if (!rewrite.startsWith('/'))
    throw new ConfigFault(
      'path_template_rewrite',
      `invalid rewrite ${JSON.stringify(rewrite)}: it must begin with "/"`,
    );
  const parts = rewrite.split(/\{([^{}]*)\}/);
  for (let i = 1; i < parts.length; i += 2)
    if (!variables.includes(parts[i] as string))
      throw new ConfigFault(
        'path_template_rewrite',
        `invalid rewrite ${JSON.stringify(rewrite)}: nothing matches {${parts[i]}}`,
      );
  if (parts.some((part, i) => i % 2 === 0 && /[{}]/.test(part)))
    throw new ConfigFault(
      'path_template_rewrite',
      `invalid rewrite ${JSON.stringify(rewrite)}: unbalanced braces`,
    );
  return (values) => parts.map((part, i) => (i % 2 === 0 ? part : (values.get(part) ?? ''))).join('');
}

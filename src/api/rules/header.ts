import { child, item, type Report } from '../schema/report.ts';

const token = /^[!#$%&'*+\-.^_`|~A-Za-z0-9]+$/;
const forbiddenInValue = /[\u0000-\u0008\u000a-\u001f\u007f]/;
const pseudoHeaders = new Set([':method', ':scheme', ':authority', ':path', ':status']);

/** A header name as RFC 9110 writes it. */
export function isHeaderName(name: string): boolean {
  return token.test(name);
}

/** Letters, digits, `-` and `_`: what `outputClaimToHeaders` and probes take. */
export function isPlainHeaderName(name: string): boolean {
  return /^[-_A-Za-z0-9]+$/.test(name);
}

/** `@request.auth.claims.a.b` or `@request.auth.claims[a][b]`: a claim of the validated JWT (Istio's jwt.ToRoutingClaim). */
export function isClaimHeader(name: string): boolean {
  const prefix = '@request.auth.claims';
  if (!name.toLowerCase().startsWith(prefix)) return false;
  const rest = name.slice(prefix.length);
  return (
    (rest.startsWith('.') && rest.length > 1) ||
    (rest.startsWith('[') && rest.endsWith(']') && rest.length > 2)
  );
}

export function isAuthority(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === ':authority' || lower === 'host';
}

/** Name of a header a route matches on. */
export function checkMatchedHeader(report: Report, path: string, name: string): void {
  if (name === '') report.error('InvalidHeader', path, 'a header name may not be empty');
  else if (!isClaimHeader(name) && !pseudoHeaders.has(name) && !isHeaderName(name))
    report.error('InvalidHeader', child(path, name), `${JSON.stringify(name)} is not a header name`);
}

interface Operations {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

/** `headers` of a route or destination: names Envoy lets change, values its formatter can read. */
export function checkHeaderOperations(
  report: Report,
  path: string,
  headers: { readonly request?: Operations; readonly response?: Operations } | undefined,
): void {
  if (headers === undefined) return;
  for (const side of ['request', 'response'] as const) {
    const operations = headers[side];
    if (operations === undefined) continue;
    const base = `${path}.${side}`;
    for (const verb of ['add', 'set'] as const) {
      const entries = operations[verb];
      for (const name in entries) {
        checkChangedName(report, child(`${base}.${verb}`, name), name, side === 'request');
        checkHeaderValue(report, child(`${base}.${verb}`, name), entries[name] as string);
      }
    }
    operations.remove?.forEach((name, index) => {
      checkChangedName(report, item(`${base}.remove`, index), name, false);
    });
  }
}

function checkChangedName(report: Report, path: string, name: string, authorityAllowed: boolean): void {
  if (name === '') report.error('InvalidHeader', path, 'a header name may not be empty');
  else if (isAuthority(name)) {
    if (!authorityAllowed)
      report.error(
        'InvalidHeader',
        path,
        `${name} cannot be changed here; use rewrite.authority, or set it on the request`,
      );
  } else if (name.startsWith(':'))
    report.error('InvalidHeader', path, `${name} cannot be changed; pseudo headers belong to the protocol`);
}

/** Control characters are refused, and `%NAME(…)%` must be complete; `%%` is a percent sign (Envoy's header formatter). */
export function checkHeaderValue(report: Report, path: string, value: string): void {
  if (forbiddenInValue.test(value)) report.error('InvalidHeader', path, 'value holds a control character');
  const fault = formatFault(value);
  if (fault !== undefined) report.error('InvalidHeader', path, `${fault}; write %% for a percent sign`);
}

type State = 'literal' | 'name' | 'array' | 'string' | 'openQuote' | 'delimiter' | 'argsEnd' | 'end';

/** What is wrong with a header format, read as Envoy's header parser reads it. */
function formatFault(value: string): string | undefined {
  let state: State = 'literal';
  for (let at = 0; at < value.length; at++) {
    const sign = value[at] as string;
    const last = at + 1 === value.length;
    if (state === 'literal' && sign === '%') {
      if (last) return 'a single % ends the value';
      if (value[at + 1] === '%') at++;
      else state = 'name';
    } else if (state === 'string' && sign === '\\') {
      if (last) return 'a backslash ends the value';
      at++;
    } else {
      const next = step(state, sign);
      if (next === undefined) return `%…% is malformed before ${JSON.stringify(value.slice(at, at + 10))}`;
      state = next;
    }
  }
  return state === 'literal' ? undefined : 'a %…% is not ended';
}

function step(state: State, sign: string): State | undefined {
  const space = sign === ' ';
  switch (state) {
    case 'literal':
      return 'literal';
    case 'name':
      return sign === '%' ? 'literal' : sign === '(' ? 'array' : 'name';
    case 'array':
      return sign === '[' ? 'openQuote' : space ? 'array' : 'string';
    case 'openQuote':
      return sign === '"' ? 'string' : space ? 'openQuote' : undefined;
    case 'string':
      return sign === ')' ? 'end' : sign === '"' ? 'delimiter' : 'string';
    case 'delimiter':
      return sign === ',' ? 'openQuote' : sign === ']' ? 'argsEnd' : space ? 'delimiter' : undefined;
    case 'argsEnd':
      return sign === ')' ? 'end' : space ? 'argsEnd' : undefined;
    case 'end':
      return sign === '%' ? 'literal' : space ? 'end' : undefined;
  }
}

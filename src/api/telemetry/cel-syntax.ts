/**
 * Syntax of the Common Expression Language (github.com/google/cel-spec, "Syntax"), as filters of access logs are written in. Istio refuses
 * an expression that does not parse; names and types are judged by the proxy that evaluates it.
 */

/** What is wrong with an expression; undefined when it parses. */
export function celSyntaxFault(text: string): string | undefined {
  const tokens = tokenize(text);
  if (typeof tokens === 'string') return tokens;
  const parser = new CelParser(tokens);
  return parser.fault();
}

interface Token {
  readonly kind: 'name' | 'literal' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

const space = /\s+|\/\/[^\n]*/y;
const name = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const number = /0x[0-9a-fA-F]+u?|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?[uU]?/y;
const quoted =
  /(?:[rR][bB]?|[bB][rR]?)?(?:"""(?:\\[\s\S]|(?!""")[\s\S])*"""|'''(?:\\[\s\S]|(?!''')[\s\S])*'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/y;
const sign = /&&|\|\||==|!=|<=|>=|[<>+\-*/%!?:.,()[\]{}]/y;

/** Words CEL keeps for itself. */
const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

function tokenize(text: string): Token[] | string {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const blank = take(space);
    const literal = blank === undefined ? (take(quoted) ?? take(number)) : undefined;
    const word = blank === undefined && literal === undefined ? take(name) : undefined;
    const found = blank ?? literal ?? word ?? take(sign);
    if (found === undefined) return `unexpected ${JSON.stringify(text[at])} at character ${at + 1}`;
    if (blank === undefined)
      tokens.push({
        kind: literal !== undefined ? 'literal' : word !== undefined ? 'name' : 'sign',
        text: found,
        at,
      });
    at += found.length;
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

/** Thrown and caught within this file only. */
class SyntaxFault extends Error {}

const maxNesting = 200;
const levels = [['||'], ['&&'], ['<', '<=', '>', '>=', '==', '!=', 'in'], ['+', '-'], ['*', '/', '%']];

class CelParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  fault(): string | undefined {
    try {
      this.#expression();
      if (this.#now.kind !== 'end') this.#unexpected();
      return undefined;
    } catch (thrown) {
      if (thrown instanceof SyntaxFault) return thrown.message;
      throw thrown;
    }
  }

  get #now(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }

  #unexpected(): never {
    const { kind, text, at } = this.#now;
    throw new SyntaxFault(
      kind === 'end' ? 'it ends too early' : `unexpected ${JSON.stringify(text)} at character ${at + 1}`,
    );
  }

  #accept(...signs: readonly string[]): boolean {
    if (this.#now.kind === 'literal' || !signs.includes(this.#now.text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) this.#unexpected();
  }

  #expression(): void {
    if (++this.#nesting > maxNesting)
      throw new SyntaxFault(`it is nested more than ${maxNesting} levels deep`);
    this.#binary(0);
    if (this.#accept('?')) {
      this.#binary(0);
      this.#expect(':');
      this.#expression();
    }
    this.#nesting--;
  }

  #binary(level: number): void {
    const operators = levels[level];
    if (operators === undefined) {
      this.#unary();
      return;
    }
    do this.#binary(level + 1);
    while (this.#accept(...operators));
  }

  #unary(): void {
    if (this.#now.text === '!' || this.#now.text === '-') {
      const operator = this.#now.text;
      while (this.#accept(operator));
    }
    this.#member();
  }

  #member(): void {
    this.#primary();
    for (;;) {
      if (this.#accept('.')) {
        this.#identifier();
        if (this.#accept('(')) this.#list(')');
        else if (this.#accept('{')) this.#entries(() => this.#identifier());
      } else if (this.#accept('[')) {
        this.#expression();
        this.#expect(']');
      } else return;
    }
  }

  #primary(): void {
    if (this.#now.kind === 'literal') this.#at++;
    else if (this.#accept('(')) {
      this.#expression();
      this.#expect(')');
    } else if (this.#accept('[')) this.#list(']');
    else if (this.#accept('{')) this.#entries(() => this.#expression());
    else {
      this.#accept('.');
      this.#identifier();
      if (this.#accept('(')) this.#list(')');
      else if (this.#accept('{')) this.#entries(() => this.#identifier());
    }
  }

  #identifier(): void {
    if (this.#now.kind !== 'name' || this.#now.text === 'in' || reserved.has(this.#now.text))
      this.#unexpected();
    this.#at++;
  }

  #list(end: string): void {
    while (!this.#accept(end)) {
      this.#expression();
      if (!this.#accept(',')) {
        this.#expect(end);
        return;
      }
    }
  }

  #entries(key: () => void): void {
    while (!this.#accept('}')) {
      key();
      this.#expect(':');
      this.#expression();
      if (!this.#accept(',')) {
        this.#expect('}');
        return;
      }
    }
  }
}

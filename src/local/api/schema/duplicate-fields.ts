/** Paths of object members that a JSON text gives more than once. The text must be valid JSON; JSON.parse itself is silent about them. */
export function duplicateFields(text: string): string[] {
  const scanner = new Scanner(text);
  scanner.value('');
  return scanner.found;
}

class Scanner {
  readonly found: string[] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(path: string): void {
    this.#skipSpace();
    const char = this.#text.charCodeAt(this.#at);
    if (char === 0x7b) this.#object(path);
    else if (char === 0x5b) this.#array(path);
    else if (char === 0x22) this.#skipString();
    else
      while (this.#at < this.#text.length && !',]} \n\r\t'.includes(this.#text[this.#at] as string))
        this.#at++;
  }

  #object(path: string): void {
    const seen = new Set<string>();
    this.#at++;
    for (;;) {
      this.#skipSpace();
      const char = this.#text.charCodeAt(this.#at);
      if (char === 0x7d || Number.isNaN(char)) break;
      if (char === 0x2c) {
        this.#at++;
        continue;
      }
      const key = this.#key();
      const inner = path === '' ? key : `${path}.${key}`;
      if (seen.has(key) && !this.found.includes(inner)) this.found.push(inner);
      seen.add(key);
      this.#skipSpace();
      this.#at++; // the colon
      this.value(inner);
    }
    this.#at++;
  }

  #array(path: string): void {
    this.#at++;
    for (let index = 0; ; index++) {
      this.#skipSpace();
      const char = this.#text.charCodeAt(this.#at);
      if (char === 0x5d || Number.isNaN(char)) break;
      if (char === 0x2c) {
        this.#at++;
        index--;
        continue;
      }
      this.value(`${path}[${index}]`);
    }
    this.#at++;
  }

  #key(): string {
    const start = this.#at;
    this.#skipString();
    const raw = this.#text.slice(start + 1, this.#at - 1);
    return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
  }

  #skipString(): void {
    this.#at++;
    for (;;) {
      const char = this.#text.charCodeAt(this.#at);
      if (char === 0x5c) this.#at++;
      else if (char === 0x22 || Number.isNaN(char)) break;
      this.#at++;
    }
    this.#at++;
  }

  #skipSpace(): void {
    while (' \n\r\t'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
  }
}

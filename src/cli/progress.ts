import type { CliContext } from './command.ts';

/**
 * The installation's progress in istioctl's form: on a terminal one line that is rewritten, else a new line for each new text, repeated texts
 * left out. What is finished stays.
 */
export class Progress {
  readonly #context: Pick<CliContext, 'out' | 'terminal'>;
  #current = '';

  constructor(context: Pick<CliContext, 'out' | 'terminal'>) {
    this.#context = context;
  }

  /** `- Processing resources for Istiod.` */
  working(text: string): void {
    if (text === this.#current) return;
    this.#current = text;
    this.#context.out(this.#context.terminal ? `\r\u001b[K- ${text}` : `- ${text}\n`);
  }

  /** `✔ Istiod installed 🧠` */
  succeeded(text: string): void {
    this.#finish(`✔ ${text}`);
  }

  /** `✘ Istiod encountered an error: …` */
  failed(text: string): void {
    this.#finish(`✘ ${text}`);
  }

  #finish(line: string): void {
    this.#context.out(`${this.#context.terminal && this.#current !== '' ? '\r\u001b[K' : ''}${line}\n`);
    this.#current = '';
  }
}

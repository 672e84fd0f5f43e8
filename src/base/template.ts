import Handlebars from 'handlebars';
import { errorMessage } from './log.ts';

/** Compiled templates of one folder tree. They are ours, never a user's: data goes in, text comes out. */
export class Templates {
  readonly #engine = Handlebars.create();
  readonly #compiled = new Map<string, HandlebarsTemplateDelegate>();

  /** `sources` maps a name, for example `pilot/deployment.yaml.hbs`, to its text. */
  constructor(
    sources: ReadonlyMap<string, string>,
    helpers: Readonly<Record<string, (value: unknown) => string>> = {},
  ) {
    for (const [name, helper] of Object.entries(helpers)) this.#engine.registerHelper(name, helper);
    const knownHelpers = Object.fromEntries(Object.keys(helpers).map((name) => [name, true]));
    for (const [name, source] of sources) {
      // strict: a misspelt name fails instead of rendering nothing.
      this.#compiled.set(
        name,
        this.#engine.compile(source, { noEscape: true, strict: true, knownHelpers, knownHelpersOnly: true }),
      );
    }
  }

  get names(): string[] {
    return [...this.#compiled.keys()];
  }

  /** Throws an Error that names the template when the data lacks something it uses. */
  render(name: string, data: object): string {
    const template = this.#compiled.get(name);
    if (template === undefined) throw new Error(`there is no template ${name}`);
    try {
      return template(data);
    } catch (failure) {
      throw new Error(`template ${name}: ${errorMessage(failure).split('\n')[0]}`);
    }
  }
}

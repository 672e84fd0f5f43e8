import { Agent, get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const paceMs = 25;

/** Requests that never stop, from before a fault until after it, so that not one may be seen to fail. */
export class Traffic {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #failures: string[] = [];
  readonly #loops: Promise<void>[];
  #count = 0;
  #stopped = false;

  /** Starts `clients` loops of GETs of `url`; an answer other than 200, or one without `text`, is a failure. */
  constructor(url: string, text: string, clients = 4) {
    this.#loops = Array.from({ length: clients }, async () => {
      while (!this.#stopped) {
        // Some hundred requests a second in all: the machine is to be busy with the fault.
        await pause(paceMs);
        const failure = await this.#request(url, text);
        this.#count += 1;
        if (failure !== undefined) this.#failures.push(`request ${this.#count}: ${failure}`);
      }
    });
  }

  get count(): number {
    return this.#count;
  }

  /** Stops and gives how many requests were made, and what went wrong with which. */
  async stop(): Promise<{ readonly count: number; readonly failures: readonly string[] }> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    this.#agent.destroy();
    return { count: this.#count, failures: this.#failures };
  }

  #request(url: string, text: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      const request = get(url, { agent: this.#agent, timeout: 10_000 }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('error', (error) => resolve(error.message));
        response.on('end', () => {
          if (response.statusCode !== 200) resolve(`status ${response.statusCode}: ${body.slice(0, 200)}`);
          else resolve(body.includes(text) ? undefined : `unexpected body: ${body.slice(0, 200)}`);
        });
      });
      request.on('timeout', () => request.destroy(new Error('no answer within 10 s')));
      request.on('error', (error) => resolve(error.message));
    });
  }
}

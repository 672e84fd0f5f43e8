import { existsSync, type FSWatcher, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../base/log.ts';
import { errorMessage } from '../base/log.ts';
import { labels } from '../xds/snapshot/index.ts';
import type { Assembler, ConfigSource, StoredObject } from './config-source.ts';

/**
 * Configuration from a folder, for mounted copies and virtual machines: `own/` holds the keys of the proxy's own ConfigMap, `scope/<name>/`
 * those of each shared one. The kubelet swaps mounted folders through a `..data` link; any change reads everything again.
 */
export class DirectorySource implements ConfigSource {
  readonly #folder: string;
  readonly #assembler: Assembler;
  readonly #log: Logger;
  #watchers: FSWatcher[] = [];
  #pending: NodeJS.Timeout | undefined;

  constructor(folder: string, assembler: Assembler, log: Logger) {
    this.#folder = folder;
    this.#assembler = assembler;
    this.#log = log;
  }

  start(): void {
    this.#read();
    for (const folder of this.#folders()) {
      this.#watchers.push(watch(folder, () => this.#schedule()));
    }
  }

  stop(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
    clearTimeout(this.#pending);
  }

  /** A mount swap is several events within a moment. */
  #schedule(): void {
    clearTimeout(this.#pending);
    this.#pending = setTimeout(() => {
      this.stop();
      this.start();
    }, 20);
  }

  #folders(): string[] {
    const scope = join(this.#folder, 'scope');
    const parts = existsSync(scope) ? [scope, ...readdirSync(scope).map((name) => join(scope, name))] : [];
    return [this.#folder, join(this.#folder, 'own'), ...parts].filter(existsSync);
  }

  #read(): void {
    try {
      const own = readObject(join(this.#folder, 'own'), 'own');
      if (own !== undefined) this.#assembler.setOwn(own);
      const scope = join(this.#folder, 'scope');
      for (const name of existsSync(scope) ? readdirSync(scope) : []) {
        const part = readObject(join(scope, name), name);
        if (part !== undefined) this.#assembler.setPart(part);
      }
    } catch (thrown) {
      this.#log.error('the configuration folder cannot be read; the last good configuration stays', {
        folder: this.#folder,
        error: errorMessage(thrown),
      });
    }
  }
}

/** One ConfigMap as a folder of files; `.gz` keys are its binaryData. */
function readObject(folder: string, name: string): StoredObject | undefined {
  if (!existsSync(folder)) return undefined;
  const data: Record<string, string> = {};
  const binaryData: Record<string, string> = {};
  for (const file of readdirSync(folder).filter((entry) => !entry.startsWith('..'))) {
    const content = readFileSync(join(folder, file));
    if (file.endsWith('.gz')) binaryData[file] = content.toString('base64');
    else data[file] = content.toString('utf8');
  }
  const part = 'index.json' in data ? 'index' : 'config';
  return { metadata: { name, labels: { [labels.part]: part } }, data, binaryData };
}

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

let cached: string | undefined;

/**
 * The folder that holds this package's `package.json`, `templates/` and `crds/`, found from this module's own place:
 * the same code runs from `src/`, from the bundle in `dist/`, and from the image.
 */
export function packageRoot(): string {
  cached ??= findRoot(import.meta.dirname);
  return cached;
}

function findRoot(from: string): string {
  for (let dir = from; ; dir = dirname(dir)) {
    const file = join(dir, 'package.json');
    if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name === 'lateen') return dir;
    if (dirname(dir) === dir) throw new Error(`no package.json of lateen above ${from}`);
  }
}

/** This package's version, as `package.json` has it. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version;
}

// Runs after `npm install` in a clone, under whatever Node npm runs on: bundles the bins and puts launchers into node_modules/.bin, so
// that `npx lateen`, `npx istioctl` and `npx pilot-agent` run with the Node 24 this package brings.
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const bin = join(root, 'node_modules/.bin');

if (existsSync(join(root, 'node_modules/esbuild')) && existsSync(bin)) {
  await import('./bundle.mjs');
  for (const name of ['lateen', 'istioctl', 'pilot-agent']) {
    const launcher = join(bin, name);
    writeFileSync(
      launcher,
      `#!/bin/sh\nbin=$(dirname "$(readlink -f "$0")")\nexec "$bin/node" "$bin/../../dist/${name}.mjs" "$@"\n`,
    );
    chmodSync(launcher, 0o755);
  }
}

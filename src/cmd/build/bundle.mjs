// Bundles the three published bins into dist/, one chunk per shared part, so that a process loads only what it runs.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../../..');
const entries = ['lateen', 'istioctl', 'pilot-agent']
  .map((name) => join(root, 'src/cmd', `${name}.ts`))
  .filter(existsSync);

rmSync(join(root, 'dist'), { recursive: true, force: true });
await build({
  entryPoints: entries,
  outdir: join(root, 'dist'),
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  external: ['koffi'],
  legalComments: 'none',
  logLevel: 'warning',
  banner: {
    js: "import { createRequire as lateenRequire } from 'node:module'; const require = lateenRequire(import.meta.url);",
  },
});

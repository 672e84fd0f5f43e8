import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import { generatedFiles } from './outputs.ts';

// Writes CRDs, types and reference pages; `npm run generate`.
for (const [path, text] of await generatedFiles()) {
  const file = join(packageRoot(), path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

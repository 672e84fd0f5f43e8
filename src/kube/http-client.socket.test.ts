import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ApiError, WatchEvent } from './client.ts';
import { connect, inCluster } from './connection.ts';
import { createClient } from './create-client.ts';
import { HttpKubeClient } from './http-client.ts';
import { resources } from './resource.ts';

interface Seen {
  method: string;
  url: string;
  headers: Record<string, unknown>;
  body: string;
}

async function serve(
  t: TestContext,
  answer: (seen: Seen, response: ServerResponse, request: IncomingMessage) => void,
) {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const entry = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
    seen.push(entry);
    answer(entry, response, request);
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new HttpKubeClient({
    server: url,
    tls: {},
    namespace: 'default',
    headers: () => ({ authorization: 'Bearer t' }),
  });
  t.after(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  return { seen, sockets, url, client };
}

function json(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'ns' } };

test('each verb sends the method, path, content type and parameters of the Kubernetes API', async (t) => {
  const { client, seen } = await serve(t, (_seen, response) => json(response, 200, configMap));
  await client.get(resources.deployments, 'istiod', 'istio-system');
  await client.create(resources.configMaps, configMap, { fieldManager: 'm' });
  await client.replace(resources.configMaps, configMap, { subresource: 'status' });
  await client.patch(resources.configMaps, 'a', 'strategic', { x: 1 }, { namespace: 'ns', dryRun: true });
  await client.apply(resources.configMaps, configMap, {
    fieldManager: 'lateen',
    force: true,
    fieldValidation: 'Strict',
  });
  await client.delete(resources.namespaces, 'ns', {
    preconditions: { uid: 'u' },
    propagationPolicy: 'Background',
  });
  assert.deepEqual(
    seen.map((s) => `${s.method} ${s.url} ${s.headers['content-type'] ?? '-'} ${s.headers['authorization']}`),
    [
      'GET /apis/apps/v1/namespaces/istio-system/deployments/istiod - Bearer t',
      'POST /api/v1/namespaces/ns/configmaps?fieldManager=m application/json Bearer t',
      'PUT /api/v1/namespaces/ns/configmaps/a/status application/json Bearer t',
      'PATCH /api/v1/namespaces/ns/configmaps/a?dryRun=All application/strategic-merge-patch+json Bearer t',
      'PATCH /api/v1/namespaces/ns/configmaps/a?fieldManager=lateen&fieldValidation=Strict&force=true application/apply-patch+yaml Bearer t',
      'DELETE /api/v1/namespaces/ns application/json Bearer t',
    ],
  );
  assert.deepEqual(JSON.parse(seen[5]?.body ?? ''), {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: { uid: 'u' },
    propagationPolicy: 'Background',
  });
});

test('a refused call rejects with the code, reason, message and details of the Status', async (t) => {
  const status = {
    kind: 'Status',
    code: 409,
    reason: 'AlreadyExists',
    message: 'configmaps "a" already exists',
    details: { name: 'a' },
  };
  const { client } = await serve(t, (_seen, response) => json(response, 409, status));
  await assert.rejects(client.create(resources.configMaps, configMap), (failure: ApiError) => {
    assert.deepEqual(
      [failure.code, failure.reason, failure.message, failure.details],
      [409, 'AlreadyExists', status.message, { name: 'a' }],
    );
    return true;
  });
});

test('no answer rejects with code 0 and names the server', async () => {
  const client = new HttpKubeClient({
    server: 'http://127.0.0.1:1',
    tls: {},
    namespace: 'default',
    headers: () => ({}),
  });
  await assert.rejects(client.get(resources.configMaps, 'a', 'ns'), (failure: ApiError) => {
    assert.equal(failure.code, 0);
    assert.match(failure.message, /127\.0\.0\.1:1.*ECONNREFUSED/);
    return true;
  });
});

test('an overloaded server is asked again when it names a time', async (t) => {
  let calls = 0;
  const { client } = await serve(t, (_seen, response) => {
    if (++calls < 3)
      json(response, 429, { kind: 'Status', code: 429, message: 'busy' }, { 'retry-after': '0' });
    else json(response, 200, configMap);
  });
  await client.get(resources.configMaps, 'a', 'ns');
  assert.equal(calls, 3);
});

test('calls share a kept-alive connection, and one that died idle is replaced without an error', async (t) => {
  const { client, sockets } = await serve(t, (_seen, response) => json(response, 200, configMap));
  await client.get(resources.configMaps, 'a', 'ns');
  await client.get(resources.configMaps, 'a', 'ns');
  assert.equal(sockets.size, 1);
  for (const socket of sockets) socket.resetAndDestroy();
  await client.get(resources.configMaps, 'a', 'ns');
  assert.equal(sockets.size, 2);
});

test('list items get the kind and apiVersion that lists leave out', async (t) => {
  const list = {
    kind: 'ConfigMapList',
    metadata: { resourceVersion: '7', continue: 'more' },
    items: [{ metadata: { name: 'a' } }],
  };
  const { client, seen } = await serve(t, (_seen, response) => json(response, 200, list));
  const page = await client.list(resources.configMaps, { namespace: 'ns', labelSelector: 'a=b', limit: 1 });
  assert.deepEqual(page, {
    items: [{ metadata: { name: 'a' }, apiVersion: 'v1', kind: 'ConfigMap' }],
    resourceVersion: '7',
    continue: 'more',
  });
  assert.equal(seen[0]?.url, '/api/v1/namespaces/ns/configmaps?labelSelector=a%3Db&limit=1');
});

test('watch events arrive whole however the bytes are cut', async (t) => {
  const events: WatchEvent[] = [
    { type: 'ADDED', object: { ...configMap, data: { text: 'grüße ⛵️' } } },
    { type: 'BOOKMARK', object: { ...configMap, metadata: { name: '', resourceVersion: '9' } } },
  ];
  const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const { client } = await serve(t, async (_seen, response) => {
    for (let at = 0; at < bytes.length; at += 7) {
      response.write(bytes.subarray(at, at + 7));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  });
  const got: WatchEvent[] = [];
  await client.watch(
    resources.configMaps,
    { resourceVersion: '1' },
    (event) => got.push(event),
    new AbortController().signal,
  );
  assert.deepEqual(got, events);
});

test('an ERROR event rejects as Expired, a broken stream as unreachable, an abort resolves', async (t) => {
  let mode = 'error';
  const { client } = await serve(t, (_seen, response, request) => {
    if (mode === 'error') {
      response.write(
        `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } })}\n`,
      );
    } else response.write(`${JSON.stringify({ type: 'ADDED', object: configMap })}\n`);
    if (mode === 'break') setImmediate(() => request.socket.destroy());
  });
  const watch = (signal: AbortSignal, onEvent = (_event: WatchEvent): void => undefined) =>
    client.watch(resources.configMaps, { resourceVersion: '1' }, onEvent, signal);
  const never = new AbortController().signal;
  await assert.rejects(watch(never), (failure: ApiError) => failure.reason === 'Expired');
  mode = 'break';
  await assert.rejects(watch(never), (failure: ApiError) => failure.code === 0);
  mode = 'hang';
  const stop = new AbortController();
  await watch(stop.signal, () => stop.abort());
});

test('a kubeconfig gives server, certificate files beside it, token and namespace', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lateen-kubeconfig-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'ca.pem'), 'CA');
  const file = join(folder, 'config');
  const config = {
    'current-context': 'one',
    clusters: [
      {
        name: 'c',
        cluster: {
          server: 'https://api.example:6443/',
          'certificate-authority': 'ca.pem',
          'tls-server-name': 'api',
        },
      },
    ],
    users: [
      { name: 'u', user: { token: 'secret' } },
      { name: 'p', user: { username: 'me', password: 'pw' } },
    ],
    contexts: [
      { name: 'one', context: { cluster: 'c', user: 'u', namespace: 'ns' } },
      { name: 'two', context: { cluster: 'c', user: 'p' } },
    ],
  };
  writeFileSync(file, JSON.stringify(config));
  const one = await connect({ kubeconfig: file });
  assert.equal(one.server, 'https://api.example:6443');
  assert.equal(one.namespace, 'ns');
  assert.deepEqual(one.tls, { ca: Buffer.from('CA'), servername: 'api' });
  assert.deepEqual(await one.headers(), { authorization: 'Bearer secret' });
  const two = await connect({ env: { KUBECONFIG: file }, context: 'two' });
  assert.deepEqual(await two.headers(), {
    authorization: `Basic ${Buffer.from('me:pw').toString('base64')}`,
  });
  await assert.rejects(connect({ kubeconfig: file, context: 'three' }), /there is no context "three"/);
});

test('an exec plugin of a kubeconfig supplies the token', async (t) => {
  const { seen, url } = await serve(t, (_seen, response) => json(response, 200, configMap));
  const folder = mkdtempSync(join(tmpdir(), 'lateen-kubeconfig-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const credential = {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token: 'from-plugin' },
  };
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'echo',
    args: [JSON.stringify(credential)],
    interactiveMode: 'Never',
  };
  const config = {
    'current-context': 'x',
    clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { exec } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(join(folder, 'config'), JSON.stringify(config));
  const client = await createClient({ kubeconfig: join(folder, 'config') });
  await client.get(resources.configMaps, 'a', 'ns');
  assert.equal(seen[0]?.headers['authorization'], 'Bearer from-plugin');
});

test('a pod reads its rotated token again after a minute', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lateen-sa-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries({ 'ca.crt': 'CA', namespace: 'istio-system\n', token: 'one' }))
    writeFileSync(join(folder, name), text);
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, after: () => ({ cancel() {} }) };
  const connection = inCluster(
    { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' },
    clock,
    folder,
  );
  assert.equal(connection.server, 'https://[fd00::1]:443');
  assert.equal(connection.namespace, 'istio-system');
  assert.deepEqual(connection.headers(), { authorization: 'Bearer one' });
  writeFileSync(join(folder, 'token'), 'two');
  now += 30_000;
  assert.deepEqual(connection.headers(), { authorization: 'Bearer one' });
  now += 31_000;
  assert.deepEqual(connection.headers(), { authorization: 'Bearer two' });
});

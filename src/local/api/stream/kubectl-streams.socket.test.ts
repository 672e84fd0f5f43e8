import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { LocalApi } from '../local-api.ts';
import { startLocalApi } from '../start-local-api.ts';
import { echoBackend } from '../testing/echo-backend.ts';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const pods = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

/** kubectl with WebSockets, and with the SPDY it falls back to. */
const transports: Record<string, Record<string, string>> = {
  WebSocket: {},
  SPDY: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' },
};

describe('kubectl reaches containers', { skip: hasKubectl ? false : 'kubectl is not installed' }, () => {
  let api: LocalApi;
  let folder: string;
  let web: http.Server;

  before(async () => {
    web = http.createServer((_req, res) => res.end('hello from the pod'));
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    api = await startLocalApi();
    api.setNodeBackend(echoBackend(web.address() as AddressInfo));
    folder = mkdtempSync(join(tmpdir(), 'streams-'));
    writeFileSync(join(folder, 'kubeconfig'), api.kubeconfig);
    const client = api.client();
    const metadata = { name: 'a', namespace: 'default' };
    const spec = { nodeName: 'n', containers: [{ name: 'main', image: 'x' }] };
    const pod = await client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    await client.replace(pods, { ...pod, status: { phase: 'Running' } }, { subresource: 'status' });
  });

  after(async () => {
    await api.close();
    web.closeAllConnections();
    web.close();
    rmSync(folder, { recursive: true });
  });

  const environment = (extra: Record<string, string>) => ({
    ...process.env,
    ...extra,
    KUBECONFIG: join(folder, 'kubeconfig'),
  });

  function kubectl(
    args: string[],
    extra: Record<string, string>,
    input = '',
  ): Promise<{ code: number; out: string; err: string }> {
    return new Promise((resolve) => {
      const child = execFile(
        'kubectl',
        args,
        { env: environment(extra), timeout: 10_000 },
        (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
      child.stdin?.end(input);
    });
  }

  test('logs', async () => {
    assert.equal((await kubectl(['logs', 'a'], {})).out, 'log of a/main\n');
  });

  for (const [name, extra] of Object.entries(transports)) {
    test(`exec over ${name} carries output, errors and the exit code`, async () => {
      assert.equal((await kubectl(['exec', 'a', '--', 'echo', 'one', 'two'], extra)).out, 'one two\n');
      assert.match((await kubectl(['exec', 'a', '--', 'warn', 'oops'], extra)).err, /^oops\n/);
      assert.equal((await kubectl(['exec', 'a', '--', 'fail', '7'], extra)).code, 7);
    });

    test(`exec over ${name} carries input until it ends`, async () => {
      const text = 'x'.repeat(300_000);
      const { out } = await kubectl(['exec', '-i', 'a', '--', 'cat'], extra, text);
      assert.ok(out === text, `${out.length} of ${text.length} characters came back`);
    });

    test(`port-forward over ${name} carries HTTP`, async () => {
      const child = spawn('kubectl', ['port-forward', 'pod/a', ':80'], { env: environment(extra) });
      try {
        const port = await forwardedPort(child);
        for (let i = 0; i < 3; i++) assert.equal(await fetchText(port), 'hello from the pod');
      } finally {
        child.kill('SIGKILL');
      }
    });
  }

  test('the proxy subresource carries HTTP', async () => {
    assert.equal(
      (await kubectl(['get', '--raw', '/api/v1/namespaces/default/pods/a:80/proxy/x'], {})).out,
      'hello from the pod',
    );
  });
});

async function fetchText(port: string): Promise<string> {
  const headers = { connection: 'close' };
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers, signal: AbortSignal.timeout(5000) });
  return answer.text();
}

/** kubectl's stdout stays open: it writes a line for each connection. */
function forwardedPort(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
      const port = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (port !== undefined) resolve(port);
    });
    child.on('close', () => reject(new Error(`kubectl port-forward ended: ${text}`)));
  });
}

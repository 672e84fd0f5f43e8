import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { KubeClient } from '../../../kube/client.ts';
import type { LocalApi } from '../local-api.ts';
import { asObject, at, type Fields } from '../object.ts';
import { startLocalApi } from '../start-local-api.ts';

const configMaps = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };
const namespaces = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false };

function configurations(kind: 'Mutating' | 'Validating') {
  const plural = `${kind.toLowerCase()}webhookconfigurations`;
  return {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    plural,
    kind: `${kind}WebhookConfiguration`,
    namespaced: false,
  };
}

describe('admission webhooks', () => {
  let api: LocalApi;
  let client: KubeClient;
  let hook: http.Server;
  let calls: Fields[] = [];
  let answer: (request: Fields) => Fields = () => ({ allowed: true });
  let number = 0;

  before(async () => {
    hook = http.createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Fields;
        const request = asObject(review['request']) ?? {};
        calls.push(request);
        res.end(JSON.stringify({ ...review, response: { uid: request['uid'], ...answer(request) } }));
      });
    });
    hook.listen(0, '127.0.0.1');
    await once(hook, 'listening');
    api = await startLocalApi();
    client = api.client();
  });

  after(async () => {
    await api.close();
    hook.closeAllConnections();
    hook.close();
  });

  beforeEach(() => {
    calls = [];
    answer = () => ({ allowed: true });
  });

  /** Registers one webhook on ConfigMaps for the time of a piece of work. */
  async function withHook(
    kind: 'Mutating' | 'Validating',
    more: Fields,
    work: () => Promise<void>,
  ): Promise<void> {
    const name = `hook-${number++}`;
    const rule = {
      operations: ['CREATE', 'UPDATE', 'DELETE'],
      apiGroups: [''],
      apiVersions: ['v1'],
      resources: ['configmaps'],
    };
    const webhook = {
      name: 'hook.example.com',
      clientConfig: { url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/` },
      rules: [rule],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      ...more,
    };
    const resource = configurations(kind);
    await client.create(resource, {
      apiVersion: `${resource.group}/v1`,
      kind: resource.kind,
      metadata: { name },
      webhooks: [webhook],
    });
    try {
      await work();
    } finally {
      await client.delete(resource, name);
    }
  }

  function make(labels: Record<string, string> = {}, namespace = 'default', dryRun = false) {
    const metadata = { name: `c-${number++}`, namespace, labels };
    return client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {} }, { dryRun });
  }

  test('a mutating one changes what is stored, and sees who asks and what for', async () => {
    const patch = [{ op: 'add', path: '/data', value: { added: 'yes' } }];
    answer = () => ({
      allowed: true,
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    });
    await withHook('Mutating', {}, async () => {
      const made = await make();
      assert.deepEqual(made['data'], { added: 'yes' });
    });
    const [call] = calls;
    assert.equal(call?.['operation'], 'CREATE');
    assert.equal(at(call, 'userInfo', 'username'), 'admin');
    assert.equal(at(call, 'resource', 'resource'), 'configmaps');
    assert.equal(call?.['oldObject'], null);
  });

  test('a validating one refuses with its message and code', async () => {
    answer = () => ({ allowed: false, status: { message: 'not today', code: 418 } });
    await withHook('Validating', {}, async () => {
      await assert.rejects(make(), {
        code: 418,
        message: 'admission webhook "hook.example.com" denied the request: not today',
      });
    });
  });

  test('one that cannot be reached fails the call, or is passed over, as its policy says', async () => {
    const clientConfig = { url: 'http://127.0.0.1:1/' };
    await withHook('Validating', { clientConfig }, () =>
      assert.rejects(make(), {
        code: 500,
        message: /^Internal error occurred: failed calling webhook "hook\.example\.com"/,
      }),
    );
    await withHook('Validating', { clientConfig, failurePolicy: 'Ignore' }, async () => void (await make()));
  });

  test('one named by service is reached through the resolver', async () => {
    const service = { namespace: 'a', name: 'b', port: 8443 };
    await withHook('Validating', { clientConfig: { service } }, () =>
      assert.rejects(make(), { message: /no endpoints available for service "b" in namespace "a"/ }),
    );
  });

  test('selectors and match conditions pick the calls', async () => {
    await client.create(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'on', labels: { hook: 'on' } },
    });
    const more = {
      namespaceSelector: { matchLabels: { hook: 'on' } },
      objectSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] },
      matchConditions: [
        { name: 'not-b', expression: "!has(object.metadata.labels) || !('b' in object.metadata.labels)" },
      ],
    };
    await withHook('Validating', more, async () => {
      await make({}, 'default');
      await make({ skip: 'yes' }, 'on');
      await make({ b: 'yes' }, 'on');
      assert.equal(calls.length, 0);
      await make({}, 'on');
      assert.equal(calls.length, 1);
    });
  });

  test('a dry run is told as one', async () => {
    await withHook('Validating', {}, async () => {
      await make({}, 'default', true);
      assert.equal(calls[0]?.['dryRun'], true);
    });
  });

  test('a delete is asked about with the old object', async () => {
    const made = await make();
    await withHook('Validating', {}, () =>
      client.delete(configMaps, made.metadata.name, { namespace: 'default' }),
    );
    assert.equal(calls[0]?.['operation'], 'DELETE');
    assert.equal(at(calls[0], 'oldObject', 'metadata', 'name'), made.metadata.name);
  });
});

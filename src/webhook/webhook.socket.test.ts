import assert from 'node:assert/strict';
import { request } from 'node:https';
import { type TestContext, test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { error, warning } from '../base/issue.ts';
import { silentLogger } from '../base/log.ts';
import { resources } from '../kube/resource.ts';
import { FakeKubeClient } from '../kube/testing/fake-kube-client.ts';
import { authoritySecret } from './authority.ts';
import { Webhooks } from './index.ts';

const configMap = (name: string, data: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'istio-system' },
  data,
});

function webhookConfig(kind: string, name: string, webhooks: string[]): KubeObject {
  const clientConfig = { service: { name: 'istiod', namespace: 'istio-system', path: '/inject' } };
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name },
    webhooks: webhooks.map((hook) => ({
      name: hook,
      clientConfig,
      failurePolicy: 'Ignore',
      sideEffects: 'None',
    })),
  };
}

const slice = (ready: boolean): KubeObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: 'istiod-1',
    namespace: 'istio-system',
    labels: { 'kubernetes.io/service-name': 'istiod' },
  },
  endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready } }],
});

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

async function start(
  t: TestContext,
  client = new FakeKubeClient(),
  serving = true,
): Promise<{ webhooks: Webhooks; client: FakeKubeClient }> {
  if (client.all(resources.configMaps).length === 0) {
    client.seed(
      resources.configMaps,
      configMap('istio-sidecar-injector', { config: 'policy: enabled', values: '{}' }),
    );
    client.seed(resources.configMaps, configMap('istio', { mesh: 'trustDomain: cluster.local' }));
    client.seed(
      resources.mutatingWebhooks,
      webhookConfig('MutatingWebhookConfiguration', 'istio-sidecar-injector', [
        'namespace.sidecar-injector.istio.io',
      ]),
    );
    client.seed(
      resources.validatingWebhooks,
      webhookConfig('ValidatingWebhookConfiguration', 'istiod-default-validator', ['validation.istio.io']),
    );
    client.seed(
      resources.mutatingWebhooks,
      webhookConfig('MutatingWebhookConfiguration', 'somebody-else', ['a.b.c']),
    );
    client.seed(resources.endpointSlices, slice(serving));
  }
  const webhooks = new Webhooks({
    client,
    log: silentLogger,
    namespace: 'istio-system',
    revision: 'default',
    domain: 'cluster.local',
    port: 0,
    validate: (object) =>
      object.metadata.name === 'bad'
        ? [error('InvalidWeight', 'spec.http[0].route', 'total weight is 0'), warning('Odd', 'spec', 'odd')]
        : [warning('Odd', 'spec', 'odd')],
    mutatingConfig: 'istio-sidecar-injector',
    validatingConfigs: ['istiod-default-validator'],
  });
  const stop = new AbortController();
  const running = webhooks.run(stop.signal);
  t.after(async () => {
    stop.abort();
    await running;
  });
  await until(() => webhooks.port > 0 && webhooks.ready, 'the webhooks to serve');
  return { webhooks, client };
}

function caOf(client: FakeKubeClient): string {
  const secret = client.peek(resources.secrets, authoritySecret, 'istio-system') as unknown as {
    data: Record<string, string>;
  };
  return Buffer.from(secret.data['ca-cert.pem'] as string, 'base64').toString();
}

/** Calls as the API server does: with the service's name, trusting the caBundle alone. */
function post(
  port: number,
  ca: string,
  path: string,
  body: unknown,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const call = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        ca,
        servername: 'istiod.istio-system.svc',
        agent: false,
      },
      (response) => {
        let received = '';
        response.on('data', (chunk) => (received += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: received }));
      },
    );
    call.on('error', reject);
    call.end(text);
  });
}

function review(object: unknown, kind = 'Pod'): unknown {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u-1',
      operation: 'CREATE',
      namespace: 'default',
      kind: { group: '', version: 'v1', kind },
      object,
    },
  };
}

interface Response {
  uid: string;
  allowed: boolean;
  patch?: string;
  patchType?: string;
  status?: { message: string };
  warnings?: string[];
}

async function ask(port: number, ca: string, path: string, body: unknown): Promise<Response> {
  const answer = await post(port, ca, path, body);
  assert.equal(answer.status, 200, answer.body);
  return (JSON.parse(answer.body) as { response: Response }).response;
}

test('a pod gets its sidecar as a patch, over TLS that the caBundle proves', async (t) => {
  const { webhooks, client } = await start(t);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: 'web' }] },
  };
  const answer = await ask(webhooks.port, caOf(client), '/inject', review(pod));
  assert.equal(answer.uid, 'u-1');
  assert.equal(answer.patchType, 'JSONPatch');
  const patch = Buffer.from(answer.patch as string, 'base64').toString();
  assert.ok(patch.includes('istio-proxy') && patch.includes('lateen.dev/proxy'), patch);
});

test('a pod that opts out is let through unchanged', async (t) => {
  const { webhooks, client } = await start(t);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', labels: { 'sidecar.istio.io/inject': 'false' } },
    spec: { containers: [{ name: 'web', image: 'web' }] },
  };
  const answer = await ask(webhooks.port, caOf(client), '/inject', review(pod));
  assert.deepEqual([answer.allowed, answer.patch], [true, undefined]);
});

test('validation refuses with field and reason, and passes warnings on', async (t) => {
  const { webhooks, client } = await start(t);
  const object = (name: string) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name },
  });
  const bad = await ask(webhooks.port, caOf(client), '/validate', review(object('bad'), 'VirtualService'));
  assert.equal(bad.allowed, false);
  assert.match(bad.status?.message ?? '', /spec\.http\[0\]\.route: total weight is 0/);
  const good = await ask(webhooks.port, caOf(client), '/validate', review(object('good'), 'VirtualService'));
  assert.deepEqual([good.allowed, good.warnings], [true, ['spec: odd']]);
});

test('the webhooks of this revision get the caBundle, validation turns to Fail, others are left alone', async (t) => {
  const { client } = await start(t);
  const hooks = (kind: 'mutatingWebhooks' | 'validatingWebhooks', name: string) =>
    (
      client.peek(resources[kind], name) as unknown as {
        webhooks: { clientConfig: { caBundle?: string; service: unknown }; failurePolicy: string }[];
      }
    ).webhooks[0];
  await until(
    () => hooks('validatingWebhooks', 'istiod-default-validator')?.failurePolicy === 'Fail',
    'validation to be enforced',
  );
  const mutating = hooks('mutatingWebhooks', 'istio-sidecar-injector');
  await until(
    () => hooks('mutatingWebhooks', 'istio-sidecar-injector')?.clientConfig.caBundle !== undefined,
    'the caBundle',
  );
  assert.equal(
    Buffer.from(
      hooks('mutatingWebhooks', 'istio-sidecar-injector')?.clientConfig.caBundle as string,
      'base64',
    ).toString(),
    caOf(client),
  );
  assert.ok(mutating?.clientConfig.service);
  assert.equal(hooks('mutatingWebhooks', 'somebody-else')?.clientConfig.caBundle, undefined);
});

test('nobody is sent to the webhooks before the Service has a ready endpoint', async (t) => {
  const { client } = await start(t, new FakeKubeClient(), false);
  const applied = () => client.calls.filter(({ verb }) => verb === 'apply').length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(applied(), 0);
  await client.replace(resources.endpointSlices, slice(true));
  await until(() => applied() === 2, 'both configurations to be registered');
});

test('a restart keeps the authority, a caBundle removed by hand comes back', async (t) => {
  const { client } = await start(t);
  const before = caOf(client);
  await start(t, client);
  assert.equal(caOf(client), before);
  const name = 'istio-sidecar-injector';
  const config = () =>
    client.peek(resources.mutatingWebhooks, name) as unknown as {
      webhooks: { clientConfig: { caBundle?: string } }[];
    };
  await until(() => config().webhooks[0]?.clientConfig.caBundle !== undefined, 'the caBundle');
  await client.replace(
    resources.mutatingWebhooks,
    webhookConfig('MutatingWebhookConfiguration', name, ['namespace.sidecar-injector.istio.io']),
  );
  await until(() => config().webhooks[0]?.clientConfig.caBundle !== undefined, 'the caBundle to come back');
});

test('a damaged authority is made anew', async (t) => {
  const client = new FakeKubeClient();
  client.seed(resources.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: authoritySecret, namespace: 'istio-system' },
    data: { 'ca-cert.pem': 'bm90IGEgY2VydGlmaWNhdGU=', 'ca-key.pem': '' },
  });
  await start(t, client);
  assert.match(caOf(client), /^-----BEGIN CERTIFICATE-----/);
});

test('what is no review is refused without harm', async (t) => {
  const { webhooks, client } = await start(t);
  const ca = caOf(client);
  assert.equal((await post(webhooks.port, ca, '/inject', '{')).status, 400);
  assert.equal((await post(webhooks.port, ca, '/inject', 'null')).status, 400);
  assert.equal((await post(webhooks.port, ca, '/inject', '{"request":{}}')).status, 400);
  assert.equal((await post(webhooks.port, ca, '/elsewhere', '{}')).status, 404);
  assert.equal((await ask(webhooks.port, ca, '/inject', review({ kind: 'Deployment' }))).allowed, true);
  const broken = await ask(webhooks.port, ca, '/inject', review({ kind: 'Pod' }));
  assert.match(broken.status?.message ?? '', /internal error/);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { root, Shell, startCluster, wantedCluster } from './cluster/cluster.ts';
import { eventually } from './cluster/run.ts';

const namespace = 'pods';

interface State {
  readonly waiting?: { reason: string; message?: string };
  readonly running?: object;
  readonly terminated?: { exitCode: number; reason: string; message?: string };
}

interface Pod {
  readonly metadata: { name: string };
  readonly status: {
    phase: string;
    podIP?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: { state: State; lastState: State; restartCount: number; ready: boolean }[];
  };
}

/** What pods may expect of a node, the same on the local cluster and (LATEEN_E2E=real) on a real Kubernetes. */
test(`pods on the ${wantedCluster()} cluster`, { timeout: 10 * 60_000 }, async (t) => {
  const cluster = await startCluster();
  const shell = new Shell(cluster);
  try {
    await shell.kubectlInput(readFileSync(join(root, 'e2e/pods/features.yaml'), 'utf8'), 'apply', '-f', '-');
    for (const [name, check] of Object.entries(checks))
      await t.test(name, (context) => check(shell, context));
  } finally {
    await cluster.stop();
  }
});

async function pod(shell: Shell, name: string): Promise<Pod> {
  return JSON.parse(await shell.kubectl('get', 'pod', name, '-n', namespace, '-o', 'json'));
}

/** Waits until the pod's first container is in a state the check accepts. */
function podThat(shell: Shell, name: string, what: string, accept: (found: Pod) => boolean): Promise<Pod> {
  return eventually(`${name} ${what}`, 60_000, async () => {
    const found = await pod(shell, name);
    if (accept(found)) return found;
    throw new Error(JSON.stringify(found.status.containerStatuses?.[0]?.state ?? found.status));
  });
}

const first = (found: Pod) => found.status.containerStatuses?.[0];
const isReady = (found: Pod) =>
  found.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
const logs = (shell: Shell, name: string, ...flags: string[]) =>
  shell.kubectl('logs', name, '-n', namespace, ...flags);
const exec = (shell: Shell, name: string, ...argv: string[]) =>
  shell.kubectl('exec', name, '-n', namespace, '--', ...argv);

const checks: Record<string, (shell: Shell, t: TestContext) => Promise<void>> = {
  async 'init containers and sidecars start in order'(shell) {
    await podThat(shell, 'order', 'has succeeded', ({ status }) => status.phase === 'Succeeded');
    assert.equal(await logs(shell, 'order', '-c', 'main'), 'first\nside\nsecond\nmain\n');
  },

  async 'a container gets its user, rights, environment, volumes and word of its end'(shell) {
    const found = await podThat(shell, 'facts', 'has ended', (p) => first(p)?.state.terminated !== undefined);
    assert.equal(first(found)?.state.terminated?.message, 'done');
    assert.equal(
      await logs(shell, 'facts'),
      [
        'id=1337:1337 groups=1337 2000',
        'env=hello me,red,500,s3cret arg=me',
        'host=my-host dir=/scratch',
        'files=deep,s3cret,app="facts"',
        'sub=red',
        'scratch=ok',
        'root=readonly',
        'caps=0000000000000000',
        'nnp=1',
        'token=istio-ca',
        'ip=same',
        '',
      ].join('\n'),
    );
  },

  async 'a container that fails is started again after a pause, and its last words are kept'(shell) {
    // A kubelet shows the end itself until its next round, then the pause.
    const paused = (p: Pod) =>
      first(p)?.state.waiting?.reason === 'CrashLoopBackOff' || first(p)?.state.terminated !== undefined;
    const found = await podThat(
      shell,
      'crash',
      'pauses',
      (p) => (first(p)?.restartCount ?? 0) >= 1 && paused(p),
    );
    const { state, lastState } = first(found) ?? { state: {}, lastState: {} };
    assert.equal((state.terminated ?? lastState.terminated)?.exitCode, 7);
    if (state.waiting)
      assert.match(state.waiting.message ?? '', /back-off \d+s restarting failed container=main/);
    // Between two restarts a kubelet may already have thrown the older container away.
    await eventually('the last words of the instance before', 60_000, async () =>
      (await logs(shell, 'crash', '--previous')) === 'try\n' ? true : undefined,
    );
  },

  async 'an image that nobody has is told'(shell) {
    const found = await podThat(shell, 'no-image', 'waits', (p) =>
      /ImagePull/.test(first(p)?.state.waiting?.reason ?? ''),
    );
    assert.equal(found.status.phase, 'Pending');
    const message = first(found)?.state.waiting?.message ?? '';
    assert.match(message, /example\.invalid\/nobody\/knows/);
    if (shell.cluster.name === 'local') assert.match(message, /--image/);
  },

  async 'a container waits for its ConfigMap and starts when it is there'(shell) {
    const reason = 'CreateContainerConfigError';
    const found = await podThat(shell, 'waits', 'waits', (p) => first(p)?.state.waiting?.reason === reason);
    assert.match(first(found)?.state.waiting?.message ?? '', /"later" not found/);
    await shell.kubectl('create', 'configmap', 'later', '-n', namespace, '--from-literal=word=at-last');
    await podThat(shell, 'waits', 'has succeeded', ({ status }) => status.phase === 'Succeeded');
    assert.equal(await logs(shell, 'waits'), 'at-last\n');
  },

  async 'readiness decides about endpoints'(shell) {
    const found = await podThat(shell, 'probed', 'is ready', isReady);
    const endpoints = () =>
      shell.kubectl(
        'get',
        'endpointslices',
        '-n',
        namespace,
        '-l',
        'kubernetes.io/service-name=probed',
        '-o',
        'json',
      );
    const readyOnes = async () =>
      JSON.parse(await endpoints())
        .items.flatMap((slice: { endpoints?: object[] }) => slice.endpoints ?? [])
        .filter((endpoint: { conditions: { ready: boolean } }) => endpoint.conditions.ready)
        .map((endpoint: { addresses: string[] }) => endpoint.addresses[0]);
    await eventually('the endpoint is ready', 10_000, async () =>
      (await readyOnes())[0] === found.status.podIP ? true : undefined,
    );
    assert.equal((await exec(shell, 'probed', 'cat', '/tmp/hook')).trim(), 'started');
    await exec(shell, 'probed', 'rm', '/tmp/ready');
    await podThat(shell, 'probed', 'is not ready', (p) => !isReady(p));
    await eventually('the endpoint is gone', 10_000, async () =>
      (await readyOnes()).length === 0 ? true : undefined,
    );
  },

  async 'a failed liveness probe starts the container again'(shell) {
    await exec(shell, 'probed', 'rm', '/tmp/well');
    await podThat(
      shell,
      'probed',
      'was started again',
      (p) => (first(p)?.restartCount ?? 0) === 1 && isReady(p),
    );
  },

  async 'a mounted ConfigMap follows its object'(shell) {
    await shell.kubectl('patch', 'configmap', 'settings', '-n', namespace, '-p', '{"data":{"color":"blue"}}');
    await eventually('the file says blue', 120_000, async () =>
      (await exec(shell, 'probed', 'cat', '/live/color')) === 'blue' ? true : undefined,
    );
  },

  async 'exec passes input, output and the exit code'(shell) {
    const cat = await shell.run(['kubectl', 'exec', '-i', 'probed', '-n', namespace, '--', 'cat'], {
      input: 'to and fro\n',
    });
    assert.equal(cat.stdout, 'to and fro\n');
    const failed = await shell.run([
      'kubectl',
      'exec',
      'probed',
      '-n',
      namespace,
      '--',
      'sh',
      '-c',
      'echo oops >&2; exit 3',
    ]);
    assert.equal(failed.code, 3);
    assert.match(failed.stderr, /oops/);
  },

  async 'a Job runs to its end'(shell) {
    await shell.kubectl('wait', '--for=condition=Complete', 'job/sum', '-n', namespace, '--timeout=60s');
  },

  async 'a pod is asked to end before it is made to'(shell) {
    await podThat(shell, 'polite', 'runs', (p) => first(p)?.state.running !== undefined);
    const started = Date.now();
    await shell.kubectl('delete', 'pod', 'polite', '-n', namespace);
    assert.ok(Date.now() - started < 9000, 'it went within its grace period');
    assert.equal(readFileSync('/tmp/lateen-e2e-polite/log', 'utf8'), 'up\nprestop\nterm\n');
  },

  async 'a sidecar ends after the container it serves'(shell) {
    await podThat(shell, 'farewell', 'is ready', isReady);
    await shell.kubectl('delete', 'pod', 'farewell', '-n', namespace);
    assert.equal(readFileSync('/tmp/lateen-e2e-farewell/log', 'utf8'), 'main\nside\n');
  },

  async 'deleting the namespace ends everything in it'(shell) {
    await shell.kubectl('delete', 'namespace', namespace, '--timeout=90s');
    const left = await shell.run(['kubectl', 'get', 'pods', '-n', namespace, '-o', 'name']);
    assert.equal(left.stdout, '');
  },
};

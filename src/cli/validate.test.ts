import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { CliContext, Options } from './command.ts';
import { command } from './validate.ts';

const folder = mkdtempSync(join(tmpdir(), 'validate-'));
after(() => rmSync(folder, { recursive: true }));

const service = (name: string, extra = '') => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${name}
spec:
  hosts: [c]
  http:
  - route:
    - destination: {host: c}
      weight: ${extra === '' ? 75 : extra}
    - destination: {host: d}
      weight: 25
`;
const warned = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
spec:
  host: reviews
  trafficPolicy:
    outlierDetection:
      consecutiveErrors: 1
`;

function file(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function validate(
  filename: string[],
  more: { stdin?: string; args?: string[]; options?: Options; context?: Partial<CliContext> } = {},
) {
  let output = '';
  const write = (text: string) => {
    output += text;
  };
  const context: CliContext = {
    env: {},
    istioNamespace: 'istio-system',
    namespace: undefined,
    terminal: false,
    out: write,
    err: write,
    readStdin: async () => more.stdin ?? '',
    connect: () => Promise.reject(new Error('validate never asks a cluster')),
    ...more.context,
  };
  const code = await command.run(context, more.args ?? [], { filename, ...more.options });
  return { code, output };
}

test('a valid file is said to be valid', async () => {
  const path = file('valid.yaml', `${service('a')}---\n${service('b')}---\n`);
  assert.deepEqual(await validate([path]), { code: 0, output: `"${path}" is valid\n` });
});

test('errors are listed with file, line, object and path, and end with code 1', async () => {
  const path = file('invalid.yaml', `${service('a')}---\n${service('b', '-15')}`);
  const { code, output } = await validate([path]);
  assert.equal(code, 1);
  assert.equal(
    output,
    `Error: 1 error occurred:\n\t* ${path}:23: VirtualService//b: spec.http[0].route[0].weight: weight -15 is negative\n\n`,
  );
});

test('warnings are shown and do not fail', async () => {
  const path = file('warned.yaml', warned);
  const { code, output } = await validate([path]);
  assert.equal(code, 0);
  assert.match(
    output,
    /^".*warned\.yaml" has warnings: \n\t\* .*warned\.yaml:9: DestinationRule\/\/reviews: .*consecutiveErrors.*\n\n$/,
  );
});

test('warnings come before errors when there are both', async () => {
  const { code, output } = await validate([file('both.yaml', `${warned}---\n${service('x', '-1')}`)]);
  assert.equal(code, 1);
  assert.ok(output.indexOf('has warnings') < output.indexOf('Error: 1 error occurred'));
});

test('directories are read through, other files in them are not', async () => {
  file('tree/a.yaml', service('a'));
  file('tree/deep/b.yml', service('b'));
  file('tree/deep/c.json', JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }));
  file('tree/README.md', 'not: [yaml');
  const { code, output } = await validate([join(folder, 'tree')]);
  assert.equal(code, 0);
  assert.equal(output.match(/ is valid\n/g)?.length, 3);
});

test('several files and comma-separated lists are taken', async () => {
  const path = file('valid2.yaml', service('a'));
  assert.equal((await validate([`${path},${path}`, path])).code, 0);
});

test('standard input has its own words', async () => {
  assert.deepEqual(await validate(['-'], { stdin: service('a') }), {
    code: 0,
    output: 'validation succeed\n',
  });
  const { code, output } = await validate(['-'], { stdin: service('a', '-3') });
  assert.equal(code, 1);
  assert.match(output, /stdin:10: VirtualService\/\/a/);
});

/** What Istio's own tests of this command ask: name, file, whether it fails, and words of the output. */
const cases: readonly [name: string, text: string, fails: boolean, words?: RegExp][] = [
  [
    'an unknown top-level key',
    `${service('a')}unexpected_junk: still here\n`,
    true,
    /unknown field "unexpected_junk"/,
  ],
  [
    'a duplicate key',
    warned.replace('  host: reviews\n', '  host: reviews\n  host: other\n'),
    true,
    /:7: .*key "host" already set/,
  ],
  ['a broken file', 'a: [1', true, /failed to decode file/],
  [
    'a Service port without name',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - port: 80\n',
    true,
    /:6: Service\/\/a: spec\.ports\[0\]: the port has no name/,
  ],
  [
    'a Service port named after its protocol',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: http-x, port: 80}]}\n',
    false,
  ],
  [
    'a Service port named otherwise',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: foo, port: 80}]}\n',
    true,
  ],
  [
    'appProtocol over the name',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: foo, port: 80, appProtocol: http}]}\n',
    false,
  ],
  [
    'an unknown appProtocol',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: http, port: 80, appProtocol: fake}]}\n',
    true,
  ],
  [
    'UDP ports',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: foo, port: 80, protocol: udp}]}\n',
    false,
  ],
  [
    'Services of the control plane',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: istio-system}\nspec: {ports: [{port: 80}]}\n',
    false,
  ],
  [
    'a Deployment without version label',
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {metadata: {labels: {app: a}}}}\n',
    false,
    /pods without label version/,
  ],
  [
    'a Deployment with labels',
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {metadata: {labels: {app.kubernetes.io/name: a, app.kubernetes.io/version: b}}}}\n',
    false,
    /^".*" is valid\n$/,
  ],
  [
    'Services in a List',
    'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 1}]}}\n',
    true,
    /:4: Service/,
  ],
  [
    'an IstioOperator',
    'apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: a}\nspec: {profile: demo}\n',
    false,
  ],
  [
    'an IstioOperator with a slip',
    'apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: a}\nspec: {profil: demo}\n',
    true,
    /did you mean profile\?/,
  ],
  [
    'exportTo "." without namespace',
    service('a').replace('  hosts: [c]', '  hosts: [c]\n  exportTo: ["."]'),
    false,
  ],
  [
    'exportTo naming the default namespace twice',
    service('a').replace('  hosts: [c]', '  hosts: [c]\n  exportTo: [".", default]'),
    true,
  ],
  [
    'other Kubernetes kinds',
    'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: b}\n',
    false,
  ],
  [
    'a kind with a slip',
    'apiVersion: networking.istio.io/v1\nkind: VirtualServce\nmetadata: {name: a}\nspec: {}\n',
    false,
    /did you mean VirtualService\?/,
  ],
  [
    'an unknown version',
    'apiVersion: networking.istio.io/v9\nkind: VirtualService\nmetadata: {name: a}\nspec: {}\n',
    false,
    /use networking\.istio\.io\/v1/,
  ],
];

for (const [name, text, fails, words] of cases) {
  test(`${name} ${fails ? 'fails' : 'passes'}`, async () => {
    const { code, output } = await validate([file('case.yaml', text)]);
    assert.equal(code, fails ? 1 : 0, output);
    if (words !== undefined) assert.match(output, words);
  });
}

test('the namespace of -n counts for objects without one', async () => {
  const path = file(
    'ns.yaml',
    service('a').replace('  hosts: [c]', '  hosts: [c]\n  exportTo: [".", other]'),
  );
  assert.equal((await validate([path])).code, 0);
  assert.equal((await validate([path], { context: { namespace: 'other' } })).code, 1);
});

test('nothing to read, missing files, addresses and extra words are errors', async () => {
  assert.match((await validate([])).output, /^Error: you must specify resources by --filename\./);
  assert.match((await validate(['/nowhere/x.yaml'])).output, /cannot stat file "\/nowhere\/x\.yaml"/);
  assert.match((await validate(['https://example.com/a.yaml'])).output, /only files, directories and -/);
  assert.equal((await validate([file('e.yaml', service('a'))], { args: ['extra'] })).code, 1);
});

test('a file that is no text is refused', async () => {
  const { code, output } = await validate([file('binary.yaml', new Uint8Array([0xff, 0xfe, 0]))]);
  assert.equal(code, 1);
  assert.match(output, /binary\.yaml:1: failed to decode file: file is not UTF-8 text/);
});

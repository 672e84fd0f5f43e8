import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { parseYaml, parseYamlDocuments } from '../base/yaml.ts';
import { commandTable, groups } from './command-table.ts';
import { Progress } from './progress.ts';
import { istioctl } from './testing/run-istioctl.ts';
import { textDiff } from './text-diff.ts';

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'lateen-istioctl-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

function titles(yaml: string): string[] {
  return (parseYamlDocuments(yaml) as KubeObject[]).map((object) => `${object.kind}/${object.metadata.name}`);
}

for (const { path, aliases = [] } of commandTable) {
  test(`${path} --help loads the command and shows usage and flags`, async () => {
    const { code, out } = await istioctl([...path.split(' '), '--help']);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Usage:\\n  istioctl ${path}( .*)?\\[flags\\]$`, 'm'));
    assert.match(out, /-h, --help/);
    assert.match(out, /Global Flags:/);
    for (const alias of aliases)
      assert.equal((await istioctl([...path.split(' ').slice(0, -1), alias, '--help'])).out, out);
  });
}

test('istioctl alone and its groups list their commands', async () => {
  const { code, out } = await istioctl([]);
  assert.equal(code, 0);
  for (const word of ['install', 'manifest', 'operator', 'profile', 'uninstall', 'validate', 'version'])
    assert.match(out, new RegExp(`^  ${word} `, 'm'));
  for (const { path } of groups) assert.match((await istioctl([path])).out, /Available Commands:/);
  assert.equal(
    (await istioctl(['help', 'profile', 'dump'])).out,
    (await istioctl(['profile', 'dump', '--help'])).out,
  );
});

const misuse: [string, string[], RegExp][] = [
  [
    'an unknown command',
    ['instal'],
    /^Error: unknown command "instal" for "istioctl"\nRun 'istioctl --help' for usage\.\n$/,
  ],
  [
    'an unknown flag',
    ['install', '--prfile=demo'],
    /^Error: unknown flag: --prfile=?.*\nRun 'istioctl install --help' for usage\.\n$/,
  ],
  ['a missing argument', ['profile', 'diff', 'demo'], /^Error: missing required argument 'profile2'/],
  ['an unsupported flag', ['install', '-d', '/x', '-y'], /^Error: --manifests is not supported/],
  [
    'uninstall without a target',
    ['uninstall', '-y'],
    /at least one of the --revision \(or -r\), --filename \(or -f\) or --purge flags must be set/,
  ],
  ['an unknown output format', ['profile', 'dump', '-o', 'xml'], /unknown output format: xml/],
  [
    'an unknown component',
    ['manifest', 'generate', '--component', 'Pilott'],
    /there is no component Pilott; the components are Base, Pilot/,
  ],
];

for (const [what, argv, message] of misuse) {
  test(`${what} ends with exit code 64 and a hint`, async () => {
    const { code, out, err } = await istioctl(argv);
    assert.equal(code, 64);
    assert.equal(out, '');
    assert.match(err, message);
  });
}

test('profile list names the profiles as Istio prints them', async () => {
  const { out } = await istioctl(['profile', 'list']);
  assert.equal(
    out,
    'Istio configuration profiles:\n    ambient\n    default\n    demo\n    empty\n    minimal\n    preview\n    remote\n',
  );
});

test('profile dump prints one IstioOperator, a subtree with -p, flags with -o flags', async () => {
  const iop = parseYaml((await istioctl(['profile', 'dump', 'demo'])).out) as {
    kind: string;
    spec: { values: { pilot: { traceSampling: number } } };
  };
  assert.equal(iop.kind, 'IstioOperator');
  assert.equal(iop.spec.values.pilot.traceSampling, 100);
  assert.equal(
    (await istioctl(['profile', 'dump', 'demo', '-p', 'components.pilot'])).out,
    'enabled: true\n',
  );
  assert.match(
    (await istioctl(['profile', 'dump', 'demo', '-o', 'flags'])).out,
    /^components\.egressGateways\[0\]\.enabled=true$/m,
  );
  const unknown = await istioctl(['profile', 'dump', 'nope']);
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /there is no profile "nope"/);
});

test('profile diff shows differing lines and ends with 1, equal profiles with 0', async () => {
  const { code, out } = await istioctl(['profile', 'diff', 'default', 'minimal']);
  assert.equal(code, 1);
  assert.match(out, /^The difference between profiles:\n/);
  assert.match(out, /^- {6}enabled: true\n\+ {6}enabled: false$/m);
  assert.deepEqual(await istioctl(['profile', 'diff', 'demo', 'demo']), {
    code: 0,
    out: 'Profiles are identical\n',
    err: '',
  });
});

test('manifest generate prints what install would apply, byte for byte the same each time', async () => {
  const { code, out, err } = await istioctl(['manifest', 'generate', '--set', 'profile=demo']);
  assert.deepEqual([code, err], [0, '']);
  assert.ok(titles(out).includes('Deployment/istio-egressgateway'));
  assert.ok(titles(out).includes('CustomResourceDefinition/virtualservices.networking.istio.io'));
  assert.equal((await istioctl(['manifest', 'generate', '--set', 'profile=demo'])).out, out);
});

test('several -f merge from left to right, --set wins, -f - is stdin', async (t) => {
  const dir = folder(t);
  const iop = (spec: object) =>
    JSON.stringify({ apiVersion: 'install.istio.io/v1alpha1', kind: 'IstioOperator', spec });
  writeFileSync(join(dir, 'a.yaml'), iop({ profile: 'minimal', hub: 'one', tag: 'a' }));
  writeFileSync(join(dir, 'b.yaml'), iop({ hub: 'two' }));
  const argv = [
    'manifest',
    'generate',
    '-f',
    join(dir, 'a.yaml'),
    '-f',
    join(dir, 'b.yaml'),
    '-f',
    '-',
    '--set',
    'values.pilot.image=istiod',
    '--component',
    'Pilot',
  ];
  const { out } = await istioctl(argv, { stdin: iop({ tag: '1.20' }) });
  assert.match(out, /image: two\/istiod:1\.20\n/);
  assert.ok(!titles(out).includes('CustomResourceDefinition/virtualservices.networking.istio.io'));
});

test('files that are no single IstioOperator are refused by name', async (t) => {
  const dir = folder(t);
  const cases: [string, RegExp][] = [
    ['kind: IstioOperator\n---\nkind: IstioOperator\n', /contains several IstioOperators/],
    ['apiVersion: v1\nkind: Pod\n', /there is no IstioOperator in it, but a Pod/],
    ['kind: IstioOperator\nspce: {}\n', /unknown field "spce"/],
    ['kind: [\n', /x\.yaml: /],
  ];
  for (const [text, message] of cases) {
    writeFileSync(join(dir, 'x.yaml'), text);
    const { code, err } = await istioctl(['manifest', 'generate', '-f', join(dir, 'x.yaml')]);
    assert.equal(code, 1);
    assert.match(err, message);
  }
});

test('with -o stdout stays empty: a file, or a folder with one file a component', async (t) => {
  const dir = folder(t);
  const whole = (await istioctl(['manifest', 'generate', '--set', 'profile=minimal'])).out;
  const single = await istioctl([
    'manifest',
    'generate',
    '--set',
    'profile=minimal',
    '-o',
    join(dir, 'all.yaml'),
  ]);
  assert.deepEqual([single.code, single.out], [0, '']);
  assert.equal(readFileSync(join(dir, 'all.yaml'), 'utf8'), whole);
  assert.equal(
    (await istioctl(['manifest', 'generate', '--set', 'profile=minimal', '-o', join(dir, 'out')])).out,
    '',
  );
  assert.deepEqual(readdirSync(join(dir, 'out')).sort(), ['Base.yaml', 'Pilot.yaml']);
});

test('manifest diff compares files object by object', async (t) => {
  const dir = folder(t);
  for (const [name, level] of [
    ['a', 'warning'],
    ['b', 'debug'],
  ]) {
    const { out } = await istioctl([
      'manifest',
      'generate',
      '--set',
      `values.global.proxy.logLevel=${level}`,
    ]);
    writeFileSync(join(dir, `${name}.yaml`), out);
  }
  const [a, b] = [join(dir, 'a.yaml'), join(dir, 'b.yaml')];
  assert.deepEqual(await istioctl(['manifest', 'diff', a, a]), {
    code: 0,
    out: 'Manifests are identical\n',
    err: '',
  });
  const { code, out } = await istioctl(['manifest', 'diff', a, b]);
  assert.equal(code, 1);
  assert.match(out, /Object Deployment:istio-system:istio-ingressgateway has diffs:/);
  assert.match(out, /^-.*--proxyLogLevel=warning\n\+.*--proxyLogLevel=debug$/m);
  assert.equal((await istioctl(['manifest', 'diff', a, b, '--select', 'Service:*:*'])).code, 0);
});

test('warnings are printed and errors stop the command with all of them', async () => {
  const warned = await istioctl(['manifest', 'generate', '--set', 'addonComponents.kiali.enabled=true']);
  assert.equal(warned.code, 0);
  assert.match(warned.err, /^! spec\.addonComponents\.kiali: /);
  const refused = await istioctl(['install', '-y', '--set', 'profile=dmeo', '--set', 'hubb=x']);
  assert.equal(refused.code, 1);
  assert.match(
    refused.err,
    /there is no profile "dmeo"; did you mean demo\?.*\nspec\.hubb: unknown field "hubb"; did you mean hub\?/s,
  );
});

test('install asks with Istio’s words and does nothing on no', async () => {
  const { code, out } = await istioctl(['install', '--set', 'profile=minimal'], { stdin: 'n\n' });
  assert.equal(code, 1);
  assert.match(
    out,
    /^This will install the Istio \S+ profile "minimal" \(with components: Istio core and Istiod\) into the cluster\. Proceed\? \(y\/N\) Cancelled\.\n$/,
  );
});

test('without a cluster the message says where one was looked for', async () => {
  const { code, err } = await istioctl(['install', '-y']);
  assert.equal(code, 1);
  assert.match(
    err,
    /^Error: no cluster: give --kubeconfig, set KUBECONFIG, write \/nonexistent\/\.kube\/config/,
  );
  assert.match((await istioctl(['version'])).out, /^client version: \S+\n$/);
});

test('operator dump gives the CRD and the manifest, with hub, tag and namespaces as asked', async () => {
  const { out } = await istioctl([
    'operator',
    'dump',
    '--hub',
    'reg',
    '--tag',
    'x',
    '--operatorNamespace',
    'ops',
    '--watchedNamespaces',
    'mesh',
  ]);
  assert.ok(titles(out).includes('CustomResourceDefinition/istiooperators.install.istio.io'));
  assert.match(out, /image: reg\/operator:x\n/);
  assert.match(out, /namespace: ops\n/);
  assert.match(out, /name: WATCH_NAMESPACE\n\s+value: mesh\n/);
});

test('progress rewrites its line on a terminal and repeats nothing in a pipe', () => {
  const written: string[] = [];
  const out = (text: string) => void written.push(text);
  const pipe = new Progress({ out, terminal: false });
  pipe.working('a');
  pipe.working('a');
  pipe.succeeded('b');
  assert.deepEqual(written.splice(0), ['- a\n', '✔ b\n']);
  const terminal = new Progress({ out, terminal: true });
  terminal.working('a');
  terminal.failed('b');
  assert.deepEqual(written, ['\r\u001b[K- a', '\r\u001b[K✘ b\n']);
});

test('a text diff marks lines and leaves far ones out', () => {
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  const changed = lines.map((line, i) => (i === 10 ? 'other' : line));
  assert.equal(textDiff(lines.join('\n'), changed.join('\n'), 1), ' line 9\n-line 10\n+other\n line 11\n...');
  assert.equal(textDiff('a', 'a'), '');
  assert.equal(textDiff('', 'a'), '-\n+a');
});

test('no command loads the heavy Kubernetes client', () => {
  const root = join(import.meta.dirname, '..');
  const seen = new Map<string, string>();
  const queue = globSync('cli/*.ts', { cwd: root }).filter((file) => !/\.(test|contract)\.ts$/.test(file));
  for (const file of queue) {
    // Static imports only: what is loaded on demand is loaded when somebody demands it.
    const text = readFileSync(join(root, file), 'utf8').replace(/import type [^;]*;/g, '');
    for (const [, spec = ''] of text.matchAll(/^(?:import|export)\s[^;'"]*?from\s+'([^']+)'/gm)) {
      assert.ok(
        !/client-node|k8s-operator/.test(spec),
        `${file} imports ${spec}; it is reached through ${seen.get(file) ?? 'the table'}`,
      );
      const target = join(file, '..', spec);
      if (!spec.startsWith('.') || seen.has(target)) continue;
      seen.set(target, file);
      queue.push(target);
    }
  }
  assert.ok(seen.size > 50, `only ${seen.size} modules found`);
});

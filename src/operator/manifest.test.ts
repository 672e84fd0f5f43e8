import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kinds } from '../api/kinds.ts';
import type { KubeObject } from '../api/object.ts';
import { packageRoot } from '../base/package-root.ts';
import { toYaml } from '../base/yaml.ts';
import type { Resource } from '../kube/client.ts';
import { resources } from '../kube/resource.ts';
import { loadLibrary } from '../render/library.ts';
import { objectsOf, render } from '../render/render.ts';
import { grantedRules, operatorManifest, operatorRules, type PolicyRule } from './manifest.ts';
import { iopResource, ownedResources } from './ownership.ts';

const library = loadLibrary();
const file = join(packageRoot(), 'templates/operator/istio-operator.yaml');

test('the manifest for kubectl apply is what the templates render', () => {
  const header =
    '# The operator, for `kubectl apply -f`. Written by `istioctl operator dump`; apply crds/ first.\n';
  const text =
    header +
    operatorManifest({}, library)
      .map((object) => `---\n${toYaml(object)}`)
      .join('');
  if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(file, text);
  assert.equal(readFileSync(file, 'utf8'), text);
});

function allows(rules: readonly PolicyRule[], group: string, resource: string, verb: string): boolean {
  return rules.some(
    (rule) =>
      rule.apiGroups.includes(group) &&
      rule.resources.includes(resource) &&
      rule.verbs.includes(verb) &&
      rule.resourceNames === undefined,
  );
}

function everything(): KubeObject[] {
  return ['demo', 'default'].flatMap((profile) => objectsOf(render({ specs: [{ profile }] }, library)));
}

test('every kind in templates/ is watched, pruned and covered by the operator’s rights', () => {
  const known = [...ownedResources, resources.customResourceDefinitions];
  const rules = operatorRules(library);
  for (const kind of new Set(everything().map((object) => object.kind))) {
    const resource = known.find((entry) => entry.kind === kind);
    assert.ok(resource, `${kind} is rendered but not among ownedResources`);
    for (const verb of ['get', 'list', 'watch', 'create', 'patch']) {
      assert.ok(
        allows(rules, resource.group, resource.plural, verb),
        `no right to ${verb} ${resource.plural}`,
      );
    }
  }
  for (const verb of ['get', 'list', 'watch', 'patch'])
    assert.ok(allows(rules, iopResource.group, iopResource.plural, verb));
});

test('the operator holds every right it grants, or Kubernetes would refuse the Role', () => {
  const rules = operatorRules(library);
  for (const granted of grantedRules(library)) {
    for (const group of granted.apiGroups) {
      for (const resource of granted.resources) {
        for (const verb of granted.verbs)
          assert.ok(allows(rules, group, resource, verb), `grants ${verb} ${resource} without having it`);
      }
    }
  }
});

test('nobody gets wildcards', () => {
  for (const rule of [...operatorRules(library), ...grantedRules(library)]) {
    assert.ok(![...rule.apiGroups, ...rule.resources, ...rule.verbs].includes('*'), JSON.stringify(rule));
  }
});

test('a CRD is never deleted by the operator', () => {
  assert.equal(
    allows(operatorRules(library), 'apiextensions.k8s.io', 'customresourcedefinitions', 'delete'),
    false,
  );
});

function istiodRules(): PolicyRule[] {
  return everything()
    .filter((object) => /Role$/.test(object.kind) && object.metadata.name.startsWith('istiod'))
    .flatMap((object) => object['rules'] as PolicyRule[]);
}

test('istiod may read every kind of the mesh and write its status', () => {
  const rules = istiodRules();
  for (const { group, plural } of kinds.filter(({ folder }) => folder !== 'install')) {
    for (const verb of ['get', 'list', 'watch'])
      assert.ok(allows(rules, group, plural, verb), `no right to ${verb} ${plural}`);
    assert.ok(allows(rules, group, `${plural}/status`, 'patch'), `no right to write the status of ${plural}`);
  }
});

test('istiod has rights on every collection its code names', () => {
  const rules = istiodRules();
  const root = join(packageRoot(), 'src');
  const files = globSync('{controlplane,webhook}/**/*.ts', { cwd: root }).filter(
    (file) => !/\.test\.ts$|\/testing\/|features\//.test(file),
  );
  const known: Record<string, Resource> = resources;
  const used = new Set(
    files.flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/\bresources\.(\w+)/g)].map(
        (found) => found[1] as string,
      ),
    ),
  );
  const named = [...used].flatMap((name) => (known[name] === undefined ? [] : [known[name]]));
  assert.ok(named.length > 5, `only ${named.length} collections found`);
  for (const { group, plural } of named) {
    assert.ok(
      allows(rules, group, plural, 'get') || allows(rules, group, plural, 'list'),
      `no right to read ${plural}`,
    );
  }
});

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { stableJson } from '../base/hash.ts';
import { formatIssue } from '../base/issue.ts';
import { parseYamlDocuments, toYaml } from '../base/yaml.ts';
import { decodeResource } from '../xds/decode.ts';
import { pointAtFiles, resourceKinds, resourceName } from '../xds/snapshot/index.ts';
import { envoyBinary, envoyVerdict } from './testing/envoy.ts';
import { world } from './testing/world.ts';

const folder = join(import.meta.dirname, 'testdata');
const documents = (file: string) =>
  parseYamlDocuments(readFileSync(join(folder, file), 'utf8')) as KubeObject[];
const base = documents('base.yaml');

/**
 * A case is `<name>.in.yaml`: a first document `{proxies: [...], show: [...]}` and objects added to base.yaml. Its output holds the
 * shown resources of each proxy: all of a kind (`clusters`) or one (`routes/9080`, `listeners/0.0.0.0_9080`).
 */
for (const file of globSync('*.in.yaml', { cwd: folder }).sort()) {
  test(`translation of ${file.replace('.in.yaml', '')} is as stored`, () => {
    const [head, ...objects] = documents(file) as unknown as [
      { proxies: string[]; show: string[] },
      ...KubeObject[],
    ];
    const { mesh, resourcesOf } = world([...base, ...objects]);
    const output: Record<string, unknown> = {};
    for (const proxy of head.proxies) {
      const resources = resourcesOf(proxy) as unknown as Record<string, Record<string, unknown>[]>;
      for (const wanted of head.show) {
        const slash = wanted.indexOf('/');
        const kind = slash < 0 ? wanted : wanted.slice(0, slash);
        const all = resources[kind] as Record<string, unknown>[];
        const name = wanted.slice(slash + 1);
        output[`${proxy} ${wanted}`] =
          slash < 0 ? all : all.filter((r) => (r['name'] ?? r['cluster_name']) === name);
      }
    }
    const findings = mesh.findings.map(({ ref, issue }) => `${ref.kind} ${ref.name}: ${formatIssue(issue)}`);
    if (findings.length > 0) output['findings'] = findings;
    const text = toYaml(JSON.parse(stableJson(output)));
    const golden = join(folder, file.replace('.in.yaml', '.out.yaml'));
    if (process.env['UPDATE_GOLDENS'] === '1' || !existsSync(golden)) {
      if (process.env['UPDATE_GOLDENS'] !== '1')
        assert.fail(`${golden} is missing: run with UPDATE_GOLDENS=1`);
      writeFileSync(golden, text);
    }
    assert.equal(text, readFileSync(golden, 'utf8'));
  });
}

for (const file of globSync('*.in.yaml', { cwd: folder }).sort()) {
  test(`the proxy's decoder accepts the translation of ${file.replace('.in.yaml', '')}`, () => {
    const [head, ...objects] = documents(file) as unknown as [{ proxies: string[] }, ...KubeObject[]];
    const { resourcesOf } = world([...base, ...objects]);
    for (const proxy of head.proxies) {
      const resources = resourcesOf(proxy);
      for (const resource of resourceKinds.flatMap((kind) => resources[kind])) {
        const { issues } = decodeResource(pointAtFiles(resource, { folder: '/etc/istio/proxy/xds' }));
        assert.deepEqual(issues.map(formatIssue), [], `${proxy} ${resourceName(resource)}`);
      }
    }
  });
}

const envoy = envoyBinary();
for (const file of globSync('*.in.yaml', { cwd: folder }).sort()) {
  const skip = envoy === undefined ? 'no Envoy binary: set ENVOY to one' : false;
  test(`Envoy accepts the translation of ${file.replace('.in.yaml', '')}`, { skip }, () => {
    const [head, ...objects] = documents(file) as unknown as [{ proxies: string[] }, ...KubeObject[]];
    const { resourcesOf } = world([...base, ...objects]);
    for (const proxy of head.proxies)
      assert.equal(envoyVerdict(envoy as string, resourcesOf(proxy)), '', proxy);
  });
}

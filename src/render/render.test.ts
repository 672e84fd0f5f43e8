import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { formatIssue } from '../base/issue.ts';
import { Templates } from '../base/template.ts';
import { parseYaml, toYaml } from '../base/yaml.ts';
import type { JsonMap } from './json.ts';
import { type Library, loadLibrary } from './library.ts';
import { objectsOf, render } from './render.ts';
import { templateHelpers } from './template-helpers.ts';

const folder = join(import.meta.dirname, 'testdata');
const library: Library = { ...loadLibrary(), version: '0.0.0-golden' };

interface Case {
  specs: JsonMap[];
  sets?: string[];
  show: 'all' | string[];
}

for (const input of globSync('*.in.yaml', { cwd: folder }).sort()) {
  test(`${input} renders as its golden says`, () => {
    const { specs, sets, show } = parseYaml(readFileSync(join(folder, input), 'utf8')) as Case;
    const rendering = render({ specs, ...(sets && { sets }) }, library);
    const objects = objectsOf(rendering).filter((object) => object.kind !== 'CustomResourceDefinition');
    const shown = objects.filter(
      (object) => show === 'all' || show.includes(`${object.kind}/${object.metadata.name}`),
    );
    const head = {
      issues: rendering.issues.map((issue) => `${issue.severity} ${issue.code} ${formatIssue(issue)}`),
      objects: objects.map(title),
    };
    const text = [head, ...shown].map((part) => toYaml(part)).join('---\n');
    const output = join(folder, input.replace('.in.', '.out.'));
    if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(output, text);
    assert.ok(existsSync(output), `no ${output}: run with UPDATE_GOLDENS=1`);
    assert.equal(text, readFileSync(output, 'utf8'));
    if (show !== 'all') assert.equal(shown.length, show.length, 'everything to show is rendered');
  });
}

function title(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return `${object.kind}/${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

test('the same input renders to the same bytes', () => {
  const once = JSON.stringify(render({ specs: [{ profile: 'demo' }] }, library));
  assert.equal(JSON.stringify(render({ specs: [{ profile: 'demo' }] }, library)), once);
});

test('a template that fails is named and nothing of the installation is given out', () => {
  const sources = new Map([['pilot/broken.yaml.hbs', 'kind: {{missing}}\n']]);
  const broken: Library = { ...library, templates: new Templates(sources, templateHelpers) };
  const rendering = render({ specs: [{ profile: 'minimal' }] }, broken);
  assert.deepEqual(rendering.components, []);
  assert.match(
    rendering.issues.map(formatIssue).join(),
    /spec\.components\.pilot: template pilot\/broken\.yaml\.hbs: "missing" not defined/,
  );
});

test('a template that gives no YAML is named', () => {
  const sources = new Map([['base/broken.yaml.hbs', 'a: [\n']]);
  const rendering = render(
    { specs: [{ profile: 'minimal' }] },
    { ...library, templates: new Templates(sources, templateHelpers) },
  );
  assert.match(rendering.issues.map(formatIssue).join(), /template base\/broken\.yaml\.hbs gives no YAML/);
});

test('words from users never reach the template engine', () => {
  const spec = { profile: 'minimal', values: { pilot: { podLabels: { a: '{{json this}}' } } } };
  const istiod = objectsOf(render({ specs: [spec] }, library)).find((object) => object.kind === 'Deployment');
  const { template } = (istiod as KubeObject).spec as { template: KubeObject };
  assert.equal(template.metadata.labels?.['a'], '{{json this}}');
});

test('a key that would reach prototypes is an unknown field', () => {
  const spec = JSON.parse('{"values":{"__proto__":{"polluted":1}}}');
  assert.match(
    render({ specs: [spec] }, library)
      .issues.map(formatIssue)
      .join(),
    /unknown field "__proto__"|^$/,
  );
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

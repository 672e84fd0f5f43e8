import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { KubeObject } from '../api/object.ts';
import { packageRoot, packageVersion } from '../base/package-root.ts';
import { Templates } from '../base/template.ts';
import { parseYaml, parseYamlDocuments } from '../base/yaml.ts';
import { isMap, type JsonMap } from './json.ts';
import { templateHelpers } from './template-helpers.ts';

/** What the renderer works with besides the user's words: the shipped profiles, templates and CRDs. */
export interface Library {
  readonly profiles: ReadonlyMap<string, JsonMap>;
  readonly templates: Templates;
  readonly crds: readonly KubeObject[];
  /** Default image tag and `operator.istio.io/version` label. */
  readonly version: string;
}

let loaded: Library | undefined;

/** Reads `templates/` and `crds/` of this package, once. */
export function loadLibrary(): Library {
  loaded ??= readLibrary(packageRoot(), packageVersion());
  return loaded;
}

function readLibrary(root: string, version: string): Library {
  const folder = join(root, 'templates');
  const profiles = new Map<string, JsonMap>();
  for (const file of globSync('profiles/*.yaml', { cwd: folder }).sort()) {
    const doc = parseYaml(readFileSync(join(folder, file), 'utf8'));
    if (!isMap(doc)) throw new Error(`${file} is not an IstioOperator`);
    profiles.set(file.replace(/^profiles\/|\.yaml$/g, ''), doc);
  }
  const sources = new Map<string, string>();
  for (const file of globSync('**/*.hbs', { cwd: folder }).sort()) {
    sources.set(relative('.', file), readFileSync(join(folder, file), 'utf8'));
  }
  const crds = globSync('crds/*.yaml', { cwd: root })
    .sort()
    .flatMap((file) => parseYamlDocuments(readFileSync(join(root, file), 'utf8')) as KubeObject[]);
  return { profiles, templates: new Templates(sources, templateHelpers), crds, version };
}

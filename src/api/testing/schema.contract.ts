import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sleep, systemClock } from '../../base/clock.ts';
import { packageRoot } from '../../base/package-root.ts';
import { parseYaml } from '../../base/yaml.ts';
import { ApiError, type KubeClient, type Resource } from '../../kube/client.ts';
import { type Kind, kinds } from '../kinds.ts';
import type { KubeObject } from '../object.ts';
import { schemaExamples } from './schema-examples.ts';

export interface Server {
  readonly client: KubeClient;
  close(): Promise<void>;
}

const definitions: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

/** Our CRDs load into an API server, and it gives the verdicts of `schemaExamples`. Run on the local server and on a real one. */
export function schemaContract(name: string, start: () => Promise<Server>): void {
  describe(`CRDs in ${name}`, () => {
    let server: Server;
    before(async () => {
      server = await start();
      for (const kind of kinds) await install(server.client, kind);
    });
    after(() => server.close());

    for (const kind of kinds) {
      const examples = schemaExamples[kind.kind] ?? { taken: [], refused: [] };
      test(`${kind.kind} takes and refuses the same specs everywhere`, async () => {
        const wrong: string[] = [];
        for (const spec of examples.taken) {
          const fault = await verdict(server.client, kind, spec);
          if (fault !== undefined) wrong.push(`${spec} should be taken: ${fault}`);
        }
        for (const spec of examples.refused) {
          if ((await verdict(server.client, kind, spec)) === undefined)
            wrong.push(`${spec} should be refused`);
        }
        assert.deepEqual(wrong, []);
      });
    }
  });
}

async function install(client: KubeClient, kind: Kind): Promise<void> {
  const file = join(packageRoot(), 'crds', `${kind.group}_${kind.plural}.yaml`);
  const definition = parseYaml(readFileSync(file, 'utf8')) as KubeObject;
  await client.apply(definitions, definition, { fieldManager: 'schema-contract', force: true });
  for (let tries = 0; tries < 200; tries++) {
    const current = await client.get(definitions, definition.metadata.name);
    const conditions =
      (current.status as { conditions?: { type: string; status: string; message?: string }[] })?.conditions ??
      [];
    const bad = conditions.find(
      (condition) => condition.type === 'NonStructuralSchema' && condition.status === 'True',
    );
    assert.equal(bad, undefined, bad?.message);
    if (conditions.some((condition) => condition.type === 'Established' && condition.status === 'True'))
      return;
    await sleep(systemClock, 50);
  }
  assert.fail(`${definition.metadata.name} was not established`);
}

/** What the server has against a spec; undefined when nothing. */
async function verdict(client: KubeClient, kind: Kind, spec: string): Promise<string | undefined> {
  const version = kind.versions[0] as string;
  const resource: Resource = {
    group: kind.group,
    version,
    plural: kind.plural,
    kind: kind.kind,
    namespaced: true,
  };
  const object = {
    apiVersion: `${kind.group}/${version}`,
    kind: kind.kind,
    metadata: { name: 'example', namespace: 'default' },
    spec: parseYaml(spec),
  };
  for (let tries = 0; ; tries++) {
    try {
      await client.create(resource, object, { dryRun: true, fieldValidation: 'Strict' });
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      // A real server serves a new kind a moment after it says it does.
      if (thrown.code !== 404 || tries > 100) return thrown.message;
      await sleep(systemClock, 100);
    }
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseYaml, toYaml } from '../base/yaml.ts';
import { catalogue } from './catalogue.ts';
import { kinds } from './kinds.ts';
import { decode } from './schema/decode.ts';
import { pathParts, Report } from './schema/report.ts';
import { arbitraryOf, mutated } from './testing/arbitrary-schema.ts';
import { exists } from './testing/rule-table.ts';
import { validateObject } from './validate-object.ts';

const lenient = { lenient: true };

for (const kind of kinds) {
  const schema = catalogue[kind.kind];
  assert.ok(schema !== undefined);
  const specs = arbitraryOf(schema.spec);
  // Without shrinking, so that a failure shows at once; the seed it prints reproduces it.
  const runs = { numRuns: kind.kind === 'IstioOperator' ? 15 : 60, endOnFailure: true };
  const options = kind.kind === 'IstioOperator' ? lenient : {};

  test(`${kind.kind}: what the schema allows survives decoding and encoding`, () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const report = new Report();
        const once = decode(schema.spec, spec, 'spec', report, options);
        assert.deepEqual(report.issues, []);
        assert.deepEqual(decode(schema.spec, parseYaml(toYaml(once)), 'spec', report, options), once);
        assert.deepEqual(
          decode(schema.spec, JSON.parse(JSON.stringify(once)), 'spec', report, options),
          once,
        );
        assert.deepEqual(report.issues, []);
      }),
      runs,
    );
  });

  test(`${kind.kind}: a damaged object never crashes validation, and every fault names a part of it`, () => {
    fc.assert(
      fc.property(mutated(specs), (spec) => {
        const object = {
          apiVersion: `${kind.group}/${kind.stored}`,
          kind: kind.kind,
          metadata: { name: 'a' },
          spec,
        };
        for (const issue of validateObject(object)) {
          assert.ok(exists(object, pathParts(issue.path)), `${issue.path} in ${JSON.stringify(object)}`);
          assert.ok(issue.message.length > 0 && issue.message.length < 1000, issue.message);
        }
        assert.equal(({} as { polluted?: unknown }).polluted, undefined);
      }),
      runs,
    );
  });
}

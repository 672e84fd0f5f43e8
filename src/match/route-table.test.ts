import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { parseYaml } from '../base/yaml.ts';
import { decode } from '../xds/decode.ts';
import { RouteConfiguration } from '../xds/messages/route.ts';
import { compileRouteTable } from './route-table.ts';
import { fakeRequest } from './testing/request.ts';

interface Vector {
  name: string;
  method?: string;
  authority?: string;
  path?: string;
  protocol?: string;
  headers?: Record<string, string | string[]>;
  random?: number;
  route: string | null;
  virtual_cluster?: string;
}

/** Vectors in the shape of Envoy's router_check: a RouteConfiguration and requests with the route they must take. */
for (const file of globSync(join(import.meta.dirname, 'testdata/routes/*.yaml')).sort()) {
  const { config, tests, runtime } = parseYaml(readFileSync(file, 'utf8')) as {
    config: unknown;
    tests: Vector[];
    runtime?: Record<string, number>;
  };
  const decoded = decode(RouteConfiguration, config);
  const compiled =
    decoded.value && compileRouteTable(decoded.value, { virtualHost: (v) => v.name, route: (r) => r.name });
  for (const vector of tests)
    test(`routes, ${basename(file, '.yaml')}: ${vector.name}`, () => {
      assert.deepEqual([...decoded.issues, ...(compiled?.issues ?? [])], []);
      const request = fakeRequest(vector);
      const context = {
        stream: undefined,
        randomValue: vector.random ?? 0,
        runtime: (key: string) => runtime?.[key],
      };
      const table = compiled!.table!;
      assert.equal(table.find(request, context) ?? null, vector.route);
      if (vector.virtual_cluster !== undefined)
        assert.equal(table.virtualHost(request)?.virtualCluster(request), vector.virtual_cluster);
    });
}

test('faults of a route table come back as issues with their paths, all of them', () => {
  const { value } = decode(RouteConfiguration, {
    virtual_hosts: [
      {
        name: 'v',
        domains: ['*'],
        routes: [
          { match: { safe_regex: { regex: '(' } }, route: { cluster: 'a' } },
          {
            match: {
              prefix: '/',
              headers: [{ name: 'a', string_match: { safe_regex: { regex: '(?=x)' } } }],
            },
            route: { cluster: 'a' },
          },
        ],
      },
    ],
  });
  const { table, issues } = compileRouteTable(value!, { virtualHost: () => 1, route: () => 1 });
  assert.equal(table, undefined);
  assert.deepEqual(
    issues.map((i) => i.path),
    [
      'virtual_hosts[0].routes[0].match.safe_regex.regex',
      'virtual_hosts[0].routes[1].match.headers[0].string_match.regex',
    ],
  );
});

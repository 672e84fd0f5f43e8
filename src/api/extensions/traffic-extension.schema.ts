import { as, atMostOne, record, rules, type Schema, text } from '../schema/schema.ts';
import { labelSelector, onlyOneOf, targetRefs } from '../schema/selector.schema.ts';
import { moduleFields, phaseWords, priority, trafficMatch } from './wasm.schema.ts';

export const trafficExtension: Schema = record(
  'TrafficExtensionSpec',
  'Adds a filter written in WebAssembly or Lua to proxies.',
  {
    selector: as(labelSelector, 'Workloads this applies to.', {
      fallback: 'all of the namespace; in the root namespace, all of the mesh',
    }),
    targetRefs,
    phase: phaseWords('UNSPECIFIED'),
    priority,
    match: trafficMatch,
    wasm: record('WasmConfig', 'A WebAssembly module.', moduleFields, { required: ['url'] }),
    lua: record(
      'LuaConfig',
      'A Lua script.',
      {
        inlineCode: text('The script; it defines envoy_on_request or envoy_on_response.', {
          minLength: 1,
          maxLength: 65536,
        }),
      },
      { required: ['inlineCode'] },
    ),
  },
  {
    ...atMostOne(['wasm', 'lua']),
    ...rules(onlyOneOf('selector', 'targetRefs'), [
      'has(self.wasm) != has(self.lua)',
      'exactly one of wasm and lua is required',
    ]),
  },
);

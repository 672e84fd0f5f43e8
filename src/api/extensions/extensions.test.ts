import { rule } from '../testing/rule-table.ts';

const kind = 'WasmPlugin';
const plugin = (fields: string) => `{url: oci://a/b, ${fields}}`;

rule('module locations', {
  kind,
  source: 'validateWasmPluginURL; CRD CEL',
  template: '{url: "$"}',
  fault: 'InvalidUrl spec.url',
  good: [
    'oci://a/b:1',
    'http://a/b.wasm',
    'https://a/b.wasm',
    'file:///a/b.wasm',
    'registry.io/a/b:tag',
    'a/b',
  ],
  bad: ['ftp://a/b', 'inmemory://a', 'http://a b', 'localhost:5000/x'],
});

rule('a module is required', {
  kind,
  source: 'validateWasmPluginURL; CRD',
  template: '{$}',
  fault: 'MissingField spec',
  good: ['url: oci://a/b'],
  bad: ['', 'phase: AUTHN'],
});

rule('checksums', {
  kind,
  source: 'validateWasmPluginSHA; CRD pattern',
  template: plugin('sha256: "$"'),
  fault: 'InvalidValue spec.sha256',
  good: ['', 'a'.repeat(64), '0123456789abcdef'.repeat(4)],
  bad: ['a', 'A'.repeat(64), 'g'.repeat(64), 'a'.repeat(65)],
});

rule('pull secrets', {
  kind,
  source: 'validateWasmPluginImagePullSecret; CRD',
  template: plugin('imagePullSecret: "$"'),
  fault: 'TooMany spec.imagePullSecret',
  good: ['a', 'a'.repeat(253)],
  bad: ['a'.repeat(254)],
});

rule('variables do not repeat', {
  kind,
  source: 'validateWasmPluginVMConfig; CRD list map keys',
  template: plugin('vmConfig: {env: [{name: a, value: x}, {name: $}]}'),
  fault: 'Duplicate spec.vmConfig.env[1]',
  good: ['b'],
  bad: ['a'],
});

rule('variables of the host have no value', {
  kind,
  source: 'validateWasmPluginVMConfig; CRD CEL',
  template: plugin('vmConfig: {env: [{name: a, value: x, valueFrom: $}]}'),
  fault: 'Conflict spec.vmConfig.env[0].value',
  good: ['INLINE', 'null'],
  bad: ['HOST'],
});

rule('ports', {
  kind,
  source: 'validateWasmPluginMatch; CRD',
  template: plugin('match: [{ports: [{number: $}]}]'),
  fault: 'OutOfRange spec.match[0].ports[0].number',
  good: ['1', '65535'],
  bad: ['0', '65536'],
});

rule('phases', {
  kind,
  source: 'CRD enum',
  template: plugin('phase: $'),
  fault: 'InvalidValue spec.phase',
  good: ['AUTHN', 'AUTHZ', 'STATS', 'UNSPECIFIED_PHASE'],
  bad: ['authn', 'UNSPECIFIED'],
});

const extension = 'TrafficExtension';

rule('exactly one language', {
  kind: extension,
  source: 'ValidateTrafficExtension; CRD CEL',
  template: '{$}',
  fault: 'MissingField spec',
  good: ['lua: {inlineCode: x}', 'wasm: {url: oci://a/b}'],
  bad: ['', 'phase: AUTHN'],
});

rule('not both languages', {
  kind: extension,
  source: 'ValidateTrafficExtension; CRD oneOf',
  template: '{wasm: {url: $}, lua: {inlineCode: x}}',
  fault: 'Conflict spec.lua',
  bad: ['oci://a/b'],
});

rule('scripts', {
  kind: extension,
  source: 'validateLuaConfig; CRD',
  template: '{lua: {inlineCode: "$"}}',
  fault: 'TooLong spec.lua.inlineCode',
  good: ['x', 'x'.repeat(65536)],
  bad: ['x'.repeat(65537), 'ä'.repeat(40000)],
});

rule('modules of extensions', {
  kind: extension,
  source: 'validateWasmPluginURL',
  template: '{wasm: {url: "$"}}',
  fault: 'InvalidUrl spec.wasm.url',
  good: ['a/b', 'https://a/b'],
  bad: ['ftp://a'],
});

rule('one way of attaching', {
  kind: extension,
  source: 'validateOneOfSelectorType; CRD CEL',
  template: '{lua: {inlineCode: x}, selector: {matchLabels: {a: b}}, $}',
  fault: 'Conflict spec.targetRefs',
  good: ['priority: 3'],
  bad: ['targetRefs: [{kind: Service, name: a}]'],
});

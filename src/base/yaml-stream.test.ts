import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSource, readSourceText, sourceLimits } from './yaml-stream.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('documents keep their lines, and parts are found by path', () => {
  const { documents, fault } = readSourceText(
    '# first\na: 1\n---\nb:\n  - x: 1\n    t: |\n      text\n  - {z: [1,\n     2]}\n',
  );
  assert.equal(fault, undefined);
  assert.deepEqual(
    documents.map((document) => document.value),
    [{ a: 1 }, { b: [{ x: 1, t: 'text\n' }, { z: [1, 2] }] }],
  );
  const [first, second] = documents;
  assert.equal(first?.line, 2);
  assert.equal(second?.line, 4);
  assert.equal(second?.lineOf(['b', 0, 't']), 6);
  assert.equal(second?.lineOf(['b', 1, 'z', 1]), 9);
  assert.equal(second?.lineOf(['b', 0, 'missing']), 5);
});

test('JSON, empty documents and comments are read', () => {
  assert.deepEqual(readSourceText('{"a": {"b": [1, 2]}}').documents[0]?.value, { a: { b: [1, 2] } });
  assert.deepEqual(readSourceText('---\n---\n# nothing\n---\n').documents, []);
});

test('values are read as Kubernetes reads them', () => {
  assert.deepEqual(readSourceText('a: yes\nb: off\nc: "no"\nd: 1_0\ne: <<\n').documents[0]?.value, {
    a: true,
    b: false,
    c: 'no',
    d: '1_0',
    e: '<<',
  });
  assert.deepEqual(readSourceText('x: &x {a: 1}\nz:\n  <<: *x\n  b: 2\n').documents[0]?.value, {
    x: { a: 1 },
    z: { a: 1, b: 2 },
  });
});

test('a closing bracket under its key is taken', () => {
  const { documents, fault } = readSourceText(
    'a:\n  args: [\n      "x",\n  ]\nb: {\n  c: 1\n}\nd: "two\nlines"\n',
  );
  assert.equal(fault, undefined);
  assert.deepEqual(documents[0]?.value, { a: { args: ['x'] }, b: { c: 1 }, d: 'two lines' });
  assert.equal(documents[0]?.lineOf(['b', 'c']), 6);
});

test('a fault in one document leaves those before it', () => {
  const { documents, fault } = readSourceText('a: 1\n---\nb: [1\n---\nc: 1\n');
  assert.equal(documents.length, 1);
  assert.ok((fault?.line ?? 0) >= 3);
});

test('duplicate keys are refused with their line and name', () => {
  const { fault } = readSourceText('a: 1\n---\nb:\n  c: 1\n  "c": 2\n');
  assert.deepEqual(fault, { line: 5, message: 'key "c" already set in map' });
});

/** Input that must be answered at once with a clear fault. */
const hostile: readonly [name: string, input: Uint8Array, message: RegExp][] = [
  ['too large a file', new Uint8Array(sourceLimits.maxBytes + 1).fill(32), /more than the 32 MiB/],
  ['bytes that are not UTF-8', new Uint8Array([97, 58, 32, 0xff, 0xfe]), /not UTF-8/],
  ['a NUL', bytes('a: "b\u0000c"'), /null byte/],
  ['10,000 brackets', bytes('['.repeat(10_000)), /nesting exceeded/],
  [
    '5,000 nested mappings',
    bytes(Array.from({ length: 5_000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')),
    /nesting exceeded/,
  ],
  ['10,000 nested JSON objects', bytes('{"a":'.repeat(10_000)), /nesting exceeded/],
  ['aliases that multiply', bytes(bomb(9)), /aliases expand|more than/],
  ['too many aliases', bytes(`a: &a 1\nb: [${'*a, '.repeat(2000)}]`), /alias/],
  ['an unknown alias', bytes('a: *b'), /alias|anchor/],
  ['an unfinished quote', bytes('a: "b'), /unexpected end|end of/],
  ['tabs as indent', bytes('a:\n\tb: 1'), /tab/],
];

function bomb(levels: number): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level <= levels; level++)
    lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
  return lines.join('\n');
}

for (const [name, input, message] of hostile) {
  test(`hostile input is refused at once: ${name}`, () => {
    const started = process.cpuUsage();
    const { fault } = readSource(input);
    assert.match(fault?.message ?? 'taken', message);
    const used = process.cpuUsage(started);
    assert.ok(used.user + used.system < 2_000_000, `took ${used.user + used.system} µs`);
  });
}

test('a key named __proto__ stays a plain key', () => {
  const value = readSourceText('__proto__: {polluted: 1}\nconstructor: 2\n').documents[0]?.value as object;
  assert.deepEqual(Object.keys(value), ['__proto__', 'constructor']);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test('a template is recognized', () => {
  assert.match(
    readSourceText('a: {{ .Values.x }}\n').fault?.message ?? '',
    /this looks like a template, render it first$/,
  );
});

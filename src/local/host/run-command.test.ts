import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CommandError, runCommand, tryCommand } from './run-command.ts';

test('a command gets its input and returns what it wrote', async () => {
  assert.equal(await runCommand(['cat'], 'hello'), 'hello');
});

test('a failed command rejects with its exit code and its words', async () => {
  await assert.rejects(runCommand(['sh', '-c', 'echo no room >&2; exit 3']), (error: CommandError) => {
    assert.equal(error.result.code, 3);
    assert.match(error.message, /no room/);
    return true;
  });
});

test('a missing program is a result, not an exception', async () => {
  assert.equal((await tryCommand(['/nonexistent/program'])).code, 127);
});

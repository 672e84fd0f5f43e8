import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../base/log.ts';
import { Supervisor } from './supervisor.ts';

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) assert.fail(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const sleeper = { file: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] };

test('a killed proxy is back as a new process', async () => {
  const supervisor = new Supervisor(sleeper, silentLogger);
  supervisor.start();
  const first = supervisor.pid as number;
  process.kill(first, 'SIGKILL');
  await until(() => supervisor.pid !== undefined && supervisor.pid !== first, 'a second process');
  assert.equal(supervisor.restarts, 1);
  await supervisor.stop('SIGTERM', 5000);
  assert.equal(supervisor.running, false);
});

test('a proxy that ignores SIGTERM is killed after its grace', async () => {
  const stubborn = {
    file: process.execPath,
    args: ['-e', 'process.on("SIGTERM", () => {}); process.stdout.write("up"); setInterval(() => {}, 1000)'],
  };
  const supervisor = new Supervisor(stubborn, silentLogger);
  supervisor.start();
  await supervisor.stop('SIGTERM', 200);
  assert.equal(supervisor.running, false);
  assert.equal(supervisor.restarts, 0);
});

test('a program that does not exist is reported and tried again, not thrown', async () => {
  const supervisor = new Supervisor({ file: '/nonexistent/proxy', args: [] }, silentLogger);
  supervisor.start();
  await until(() => supervisor.restarts >= 2, 'two restarts');
  await supervisor.stop('SIGTERM', 100);
});

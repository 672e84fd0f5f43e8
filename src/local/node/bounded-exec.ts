import { spawn } from 'node:child_process';
import type { Clock } from '../../base/clock.ts';

const maxOutput = 10 * 1024;

/** Runs a command for at most `limitMs` (0: no limit); past that it is killed and counts as failed with code 124. */
export function runBounded(
  argv: readonly string[],
  limitMs: number,
  clock: Clock,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(argv[0] as string, argv.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    let late = false;
    const collect = (text: string) => {
      if (output.length < maxOutput) output += text;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    const timer =
      limitMs > 0
        ? clock.after(limitMs, () => {
            late = true;
            // nsenter forks to enter a pid namespace: the whole group has to go.
            if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
          })
        : undefined;
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('exit', (code) => {
      timer?.cancel();
      resolve(
        late ? { code: 124, output: `command timed out after ${limitMs} ms` } : { code: code ?? 137, output },
      );
    });
  });
}

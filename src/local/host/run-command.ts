import { spawn } from 'node:child_process';

/** What a finished command left behind. */
export interface CommandResult {
  /** Exit code; 128 + signal number when a signal ended it, 127 when it could not be started. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A system command that failed, with what it said. */
export class CommandError extends Error {
  readonly result: CommandResult;

  constructor(argv: readonly string[], result: CommandResult) {
    super(`${argv.slice(0, 6).join(' ')}: exit ${result.code}: ${result.stderr.trim() || 'no message'}`);
    this.name = 'CommandError';
    this.result = result;
  }
}

/** Runs a command to its end and collects its output; never rejects. `input` goes to its stdin. */
export function tryCommand(argv: readonly string[], input = ''): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(argv[0] as string, argv.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => resolve({ code: 127, stdout, stderr: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 128, stdout, stderr }));
    child.stdin.end(input);
  });
}

/** As tryCommand, but rejects with a CommandError on a code other than 0. Resolves to stdout. */
export async function runCommand(argv: readonly string[], input?: string): Promise<string> {
  const result = await tryCommand(argv, input);
  if (result.code !== 0) throw new CommandError(argv, result);
  return result.stdout;
}

import type { CliContext } from './command.ts';

/** Asks `… (y/N)` and reads a line from stdin; anything but y or yes is no. */
export async function confirm(context: CliContext, question: string): Promise<boolean> {
  context.out(`${question} (y/N) `);
  const answer = (await context.readStdin()).trim().split('\n')[0] ?? '';
  return /^y(es)?$/i.test(answer);
}

import { runIstioctl } from '../program.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** One istioctl command line as a pipe would see it. */
export async function istioctl(
  argv: readonly string[],
  options: { env?: Record<string, string>; stdin?: string; terminal?: boolean } = {},
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runIstioctl(argv, {
    env: options.env ?? { HOME: '/nonexistent' },
    terminal: options.terminal ?? false,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    readStdin: async () => options.stdin ?? '',
  });
  return { code, out: out.join(''), err: err.join('') };
}

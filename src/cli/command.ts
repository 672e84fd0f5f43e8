import type { HttpKubeClient } from '../kube/http-client.ts';

/** What a command may touch: tests give their own. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Namespace of the control plane, `-i`; `istio-system` unless told. */
  readonly istioNamespace: string;
  /** `-n`, when given. */
  readonly namespace: string | undefined;
  /** True when people watch: progress may rewrite its line. */
  readonly terminal: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly readStdin: () => Promise<string>;
  /** A client for the cluster that the global flags and the environment name; made on first use. */
  readonly connect: () => Promise<HttpKubeClient & { readonly defaultNamespace: string }>;
}

/** One flag. `flags` is commander's notation: `-f, --filename <file>`; a value name ending in `...` may be given repeatedly. */
export interface Flag {
  readonly flags: string;
  readonly description: string;
  readonly fallback?: string | boolean;
  /** Accepted but not shown. */
  readonly hidden?: boolean;
}

export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** One istioctl command: a module `src/cli/<name>.ts` exports it as `command`. */
export interface CliCommand {
  /** What follows the command's name: `[profile]`, `<file...>`; commander's notation. */
  readonly args?: string;
  /** Paragraphs of help above the usage line; the table's summary when absent. */
  readonly description?: string;
  readonly examples?: string;
  readonly flags?: readonly Flag[];
  /** Resolves with the exit code (0; 1 failure; 64 usage; 65 unparseable input; 79 findings). Throw a UsageError for wrong arguments. */
  run(context: CliContext, args: readonly string[], options: Options): Promise<number>;
}

/** Wrong use of a command: printed with a hint to its help, exit code 64. */
export class UsageError extends Error {}

export const exitCodes = { ok: 0, failed: 1, usage: 64, badInput: 65, findings: 79 } as const;

/** Value of a flag that takes text. */
export function textOption(options: Options, name: string, fallback = ''): string {
  const value = options[name];
  return typeof value === 'string' ? value : fallback;
}

/** Values of a flag that may be given several times. */
export function listOption(options: Options, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value : typeof value === 'string' ? [value] : [];
}

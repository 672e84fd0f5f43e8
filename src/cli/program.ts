import { Command, CommanderError, Option } from 'commander';
import { errorMessage } from '../base/log.ts';
import { createClient } from '../kube/create-client.ts';
import type { HttpKubeClient } from '../kube/http-client.ts';
import {
  type CliCommand,
  type CliContext,
  exitCodes,
  type Flag,
  type Options,
  UsageError,
} from './command.ts';
import { type CommandRow, commandTable, groups } from './command-table.ts';
import { formatHelp } from './help-text.ts';

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly readStdin: () => Promise<string>;
}

const globalFlags: readonly Flag[] = [
  { flags: '--as <user>', description: 'Username to impersonate for the operation' },
  { flags: '-c, --kubeconfig <file>', description: 'Kubernetes configuration file' },
  { flags: '--context <name>', description: 'Kubernetes configuration context' },
  {
    flags: '-i, --istioNamespace <namespace>',
    description: 'Istio system namespace (default "istio-system")',
  },
  { flags: '-n, --namespace <namespace>', description: 'Kubernetes namespace' },
  { flags: '--vklog <level>', description: 'number for the log level verbosity', hidden: true },
];

const about =
  'Istio configuration command line utility for service operators to\ndebug and diagnose their Istio mesh.';

/** Runs one istioctl command line; resolves with the exit code. Only the chosen command's code is loaded. */
export async function runIstioctl(argv: readonly string[], io: Terminal): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const clients: HttpKubeClient[] = [];
  const program = build(io, async (row, command, args, options) => {
    exitCode = await command
      .run(contextOf(io, options, clients), args, options)
      .catch((failure: unknown) => report(failure, row.path, io));
  });
  try {
    await program.parseAsync(helpLast(argv), { from: 'user' });
  } catch (failure) {
    if (failure instanceof CommanderError) exitCode = failure.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    else exitCode = report(failure, '', io);
  } finally {
    for (const client of clients) client.close();
  }
  return exitCode;
}

type Run = (row: CommandRow, command: CliCommand, args: string[], options: Options) => Promise<void>;

function build(io: Terminal, run: Run): Command {
  const program = styled(new Command('istioctl').description(about), io);
  for (const flag of globalFlags) program.addOption(optionOf(flag));
  const parents = new Map<string, Command>([['', program]]);
  const loaders = new Map<Command, () => Promise<void>>();
  for (const group of groups) {
    const command = styled(program.command(group.path).description(group.summary), io);
    command.action(() => void io.out(command.helpInformation()));
    parents.set(group.path, command);
  }
  for (const row of commandTable) {
    const words = row.path.split(' ');
    const name = words.pop() as string;
    const parent = parents.get(words.join(' ')) as Command;
    const command = styled(
      parent.command(name, { hidden: row.hidden === true }).description(row.summary),
      io,
    );
    for (const alias of row.aliases ?? []) command.alias(alias);
    loaders.set(command, () => complete(command, row, run));
  }
  // A command learns its flags just before its words are parsed.
  for (const parent of parents.values())
    parent.hook('preSubcommand', (_parent, command) => loaders.get(command)?.());
  if (parents.size > 1) program.action(() => void io.out(program.helpInformation()));
  return program;
}

async function complete(command: Command, row: CommandRow, run: Run): Promise<void> {
  const { command: definition } = await row.load();
  if (definition.args !== undefined) command.arguments(definition.args);
  if (definition.description !== undefined) command.description(definition.description);
  if (definition.examples !== undefined) command.addHelpText('after', definition.examples);
  const own = definition.flags ?? [];
  for (const flag of own) command.addOption(optionOf(flag));
  for (const flag of globalFlags)
    if (!clashes(flag, own)) command.addOption(optionOf(flag).helpGroup('Global Flags:'));
  command.action(async () => {
    await run(row, definition, command.args, command.optsWithGlobals());
  });
}

/** A command's own flag wins over a global one with the same letter or name. */
function clashes(flag: Flag, own: readonly Flag[]): boolean {
  const names = (entry: Flag): readonly string[] => entry.flags.match(/--?[\w-]+/g) ?? [];
  return own.some((other) => names(other).some((name) => names(flag).includes(name)));
}

function optionOf(flag: Flag): Option {
  const repeated = flag.flags.includes('...');
  const option = new Option(flag.flags.replace('...', ''), flag.description).hideHelp(flag.hidden === true);
  if (flag.fallback !== undefined) option.default(flag.fallback);
  // Commander's own variadic options swallow the words that follow.
  if (repeated) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return option;
}

function styled(command: Command, io: Terminal): Command {
  return command
    .exitOverride()
    .helpCommand(false)
    .helpOption('-h, --help', `help for ${command.name()}`)
    .showHelpAfterError(false)
    .configureHelp({ formatHelp, sortSubcommands: true })
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      outputError: (text, write) => write(usageText(text, command)),
    });
}

/** Errors in cobra's words, which scripts look for. */
function usageText(text: string, command: Command): string {
  const path = pathOf(command);
  const message = text
    .trim()
    .replace(/^error: /, '')
    .replace(/^unknown command '(.*?)'.*/s, (_all, name) => `unknown command "${name}" for "${path}"`)
    .replace(/^unknown option '(.*?)'/, 'unknown flag: $1')
    .replace(/^too many arguments.*/s, `unknown command "${command.args[0] ?? ''}" for "${path}"`);
  return `Error: ${message}\nRun '${path} --help' for usage.\n`;
}

export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function contextOf(io: Terminal, options: Options, clients: HttpKubeClient[]): CliContext {
  const text = (name: string) => (typeof options[name] === 'string' ? (options[name] as string) : undefined);
  const as = text('as');
  let client: Promise<HttpKubeClient & { readonly defaultNamespace: string }> | undefined;
  return {
    ...io,
    istioNamespace: text('istioNamespace') ?? io.env['ISTIOCTL_ISTIONAMESPACE'] ?? 'istio-system',
    namespace: text('namespace'),
    connect: () => {
      client ??= createClient({
        kubeconfig: text('kubeconfig'),
        context: text('context'),
        env: io.env,
        userAgent: 'istioctl',
        ...(as !== undefined && { as }),
      }).then((made) => {
        clients.push(made);
        return made;
      });
      return client;
    },
  };
}

function report(failure: unknown, path: string, io: Terminal): number {
  io.err(`Error: ${errorMessage(failure)}\n`);
  if (!(failure instanceof UsageError)) return exitCodes.failed;
  io.err(`Run 'istioctl ${path} --help' for usage.\n`);
  return exitCodes.usage;
}

/** `help profile dump` means `profile dump --help`. */
function helpLast(argv: readonly string[]): string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
}

import type { Command, Help, Option } from 'commander';

/** Help in cobra's layout, which istioctl's users know. */
export function formatHelp(command: Command, help: Help): string {
  const parts = [command.description(), usage(command)];
  if (command.aliases().length > 0)
    parts.push(`Aliases:\n  ${[command.name(), ...command.aliases()].join(', ')}`);
  const children = help.visibleCommands(command);
  if (children.length > 0) {
    const rows = children.map((child) => [child.name(), child.description().split('\n')[0] ?? ''] as const);
    parts.push(`Available Commands:\n${table(rows)}`);
  }
  const options = help.visibleOptions(command);
  const own = options.filter((option) => option.helpGroupHeading === undefined);
  const global = options.filter((option) => option.helpGroupHeading !== undefined);
  if (own.length > 0) parts.push(`Flags:\n${table(own.map(optionRow))}`);
  if (global.length > 0) parts.push(`Global Flags:\n${table(global.map(optionRow))}`);
  if (children.length > 0)
    parts.push(`Use "${path(command)} [command] --help" for more information about a command.`);
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function usage(command: Command): string {
  if (command.commands.length > 0) return `Usage:\n  ${path(command)} [command]`;
  const args = command.registeredArguments.map((arg) => {
    const name = `${arg.name()}${arg.variadic ? '...' : ''}`;
    return arg.required ? `<${name}>` : `[${name}]`;
  });
  return `Usage:\n  ${[path(command), ...args, '[flags]'].join(' ')}`;
}

function path(command: Command): string {
  return command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`;
}

function optionRow(option: Option): readonly [string, string] {
  const flags = option.short === undefined ? `    ${option.flags}` : option.flags;
  const fallback =
    option.defaultValue === undefined || option.defaultValue === false
      ? ''
      : ` (default ${JSON.stringify(option.defaultValue)})`;
  return [flags.replace(/<(.*?)>/, '$1'), `${option.description}${fallback}`];
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}   ${text}`.trimEnd()).join('\n');
}

import { typedConfigs } from './registry.ts';
import type { AnyField, Message } from './schema.ts';

/** `docs/envoy-coverage.md`, written from the message descriptors: what of Envoy's configuration is taken, what is refused by name and why. */
export function coverageMarkdown(): string {
  const messages = collect();
  const lines = [
    '# What of Envoy is there',
    '',
    'Generated from `src/xds` (`UPDATE_GOLDENS=1 node --test src/xds/coverage.test.ts`). `lateen proxy` refuses everything that is not here by its name and JSON',
    'path; nothing is ignored silently. Fields named under a message are refused with the reason given; every other field of that message in Envoy 1.40 that is',
    'not listed as a field here is refused as unknown.',
    '',
    '## Extension points',
    '',
    '| extension point | types |',
    '|---|---|',
    ...Object.entries(typedConfigs).map(
      ([category, types]) =>
        `| ${category.replaceAll('_', ' ')} | ${types.map((t) => `\`${t.typeName}\``).join('<br>')} |`,
    ),
    '',
    '## Refused and idle fields',
    '',
  ];
  for (const message of messages) {
    const refused = Object.entries(message.rules.unsupported ?? {});
    const idle = Object.entries(message.fields).filter(([, field]) => field.noEffect !== undefined);
    if (refused.length === 0 && idle.length === 0) continue;
    lines.push(`### \`${message.typeName}\``, '');
    for (const [name, why] of refused) lines.push(`- \`${name}\` is refused: ${why}`);
    for (const [name, field] of idle)
      lines.push(`- \`${name}\` is accepted without effect: ${field.noEffect}`);
    lines.push('');
  }
  lines.push('## Messages', '');
  for (const message of messages) {
    const names = Object.keys(message.fields);
    lines.push(`- \`${message.typeName}\`${names.length === 0 ? '' : `: ${names.join(', ')}`}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Every message that can be reached from an extension point, by name. */
export function collect(): Message<unknown>[] {
  const found = new Map<string, Message<unknown>>();
  const visit = (field: AnyField): void => {
    for (const inner of field.inner?.() ?? []) visit(inner);
    if (!isMessage(field) || found.has(field.typeName)) return;
    found.set(field.typeName, field);
    for (const member of Object.values(field.fields)) visit(member);
  };
  for (const types of Object.values(typedConfigs)) for (const type of types) visit(type);
  return [...found.values()].sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
}

function isMessage(field: AnyField): field is Message<unknown> {
  return 'typeName' in field;
}

import { YAMLException } from 'js-yaml';

const extraIndent = ' '.repeat(256);
const maxRepairs = 500;

/**
 * Parses YAML in which lines inside `[…]`, `{…}` or quotes stand further left than YAML 1.2 wants: a closing bracket under its key, as much
 * Kubernetes YAML has it and Kubernetes' own parser takes it. Spaces mean nothing there, so that such a line is moved to the right;
 * lines keep their numbers.
 */
export function parseTolerant<T>(source: string, parse: (source: string) => T): T {
  let text = source;
  for (let repairs = 0; ; repairs++) {
    try {
      return parse(text);
    } catch (thrown) {
      const repaired = repairs < maxRepairs ? repair(text, thrown) : undefined;
      if (repaired === undefined) throw thrown;
      text = repaired;
    }
  }
}

function repair(text: string, thrown: unknown): string | undefined {
  if (
    !(thrown instanceof YAMLException) ||
    thrown.reason !== 'deficient indentation' ||
    thrown.mark === undefined
  )
    return undefined;
  const at = thrown.mark.position - thrown.mark.column;
  return text.startsWith(extraIndent, at) ? undefined : text.slice(0, at) + extraIndent + text.slice(at);
}

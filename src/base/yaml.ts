import { dump, load, loadAll } from 'js-yaml';
import { parseTolerant } from './flow-indent.ts';

/** Parses one YAML or JSON document. Throws with line and column on bad syntax and on duplicate keys. */
export function parseYaml(text: string): unknown {
  return parseTolerant(text, (source) => load(source));
}

/** Parses a multi-document stream; empty documents are dropped. */
export function parseYamlDocuments(text: string): unknown[] {
  return parseTolerant(text, (source) => loadAll(source) as unknown[]).filter(
    (doc) => doc !== null && doc !== undefined,
  );
}

/** Writes block-style YAML, keys in the order given, no line folding, no anchors. */
export function toYaml(value: unknown): string {
  return dump(value, { lineWidth: -1, noRefs: true });
}

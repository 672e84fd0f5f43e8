import {
  boolYaml11Tag,
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  getScalarValue,
  mergeTag,
  parseEvents,
  YAMLException,
} from 'js-yaml';
import { parseTolerant } from './flow-indent.ts';

/** A document of a stream: its value, and where in the file each part of it is. */
export interface SourceDocument {
  readonly value: unknown;
  /** Line of the file (from 1) on which the document begins. */
  readonly line: number;
  /** Line of the given part, or of the nearest part above it that exists. */
  lineOf(path: readonly (string | number)[]): number;
}

export interface SourceFault {
  readonly line: number;
  readonly message: string;
}

export interface SourceStream {
  readonly documents: readonly SourceDocument[];
  /** What stopped the reading; the documents before it are good. */
  readonly fault?: SourceFault;
}

/** Bounds on what a file may cost; far above any real configuration. */
export const sourceLimits = {
  maxBytes: 32 * 1024 * 1024,
  maxDepth: 100,
  maxAliases: 1000,
  maxNodes: 2_000_000,
} as const;

/** YAML as Kubernetes reads it: `yes` and `on` are booleans, `<<` merges. */
const schema = CORE_SCHEMA.withTags(boolYaml11Tag, mergeTag);

/**
 * Reads a stream of YAML or JSON documents from a file's bytes, with line numbers. Refuses duplicate keys, bytes that are not UTF-8, and
 * what would take unbounded time or memory.
 */
export function readSource(bytes: Uint8Array): SourceStream {
  if (bytes.length > sourceLimits.maxBytes) {
    const size = Math.round(bytes.length / 1024 / 1024);
    return {
      documents: [],
      fault: {
        line: 1,
        message: `file has ${size} MiB, more than the ${sourceLimits.maxBytes / 1024 / 1024} MiB that are read`,
      },
    };
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) return { documents: [], fault: { line: 1, message: 'file is not UTF-8 text' } };
  return readSourceText(text);
}

/** The same for text that is already decoded. */
export function readSourceText(text: string): SourceStream {
  const documents: SourceDocument[] = [];
  for (const { source, line } of splitDocuments(text)) {
    try {
      for (const document of parseDocument(source, line)) documents.push(document);
    } catch (thrown) {
      return { documents, fault: withTemplateHint(faultOf(thrown, line), source) };
    }
  }
  return { documents };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Cuts at `---` lines, so that a fault in one document leaves those before it readable. */
function* splitDocuments(text: string): Generator<{ source: string; line: number }> {
  let start = 0;
  let line = 1;
  const separator = /\n---(?=[ \t\r\n]|$)/g;
  for (let match = separator.exec(text); ; match = separator.exec(text)) {
    const end = match === null ? text.length : match.index + 1;
    const source = text.slice(start, end);
    if (source.trim() !== '') yield { source, line };
    if (match === null) return;
    line += countLines(source, source.length);
    start = end;
  }
}

function* parseDocument(original: string, firstLine: number): Generator<SourceDocument> {
  const { source, events } = parseTolerant(original, (text) => ({
    source: text,
    events: parseEvents(text, { maxDepth: sourceLimits.maxDepth }),
  }));
  const values = constructFromEvents(events, { source, schema, maxAliases: sourceLimits.maxAliases });
  for (const value of values) {
    if (value === null || value === undefined) continue;
    const size = expandedSize(value, new Map());
    if (size > sourceLimits.maxNodes)
      throw new Error(`aliases expand to ${size} values, more than ${sourceLimits.maxNodes}`);
    let positions: PositionNode | undefined;
    yield {
      value,
      line: firstLine + countLines(source, Math.max(0, source.search(/^(?!---)[^#\s]/m))),
      lineOf(path) {
        positions ??= positionTree(events, source);
        return firstLine + countLines(source, offsetOf(positions, path));
      },
    };
  }
}

/** Number of values after aliases are written out. */
function expandedSize(value: unknown, known: Map<object, number>): number {
  if (value === null || typeof value !== 'object') return 1;
  const before = known.get(value);
  if (before !== undefined) return before;
  let size = 1;
  for (const child of Object.values(value)) size += expandedSize(child, known);
  known.set(value, size);
  return size;
}

interface PositionNode {
  readonly offset: number;
  readonly children: Map<string | number, PositionNode>;
}

type YamlEvents = ReturnType<typeof parseEvents>;

/** Where each part of the first document begins: at its key in a mapping, at the value in a sequence. */
function positionTree(events: YamlEvents, source: string): PositionNode {
  let at = 0;
  const read = (offset: number | undefined): PositionNode => {
    const event = events[at++];
    if (event === undefined || event.type === EVENT_ID.POP)
      return { offset: offset ?? 0, children: new Map() };
    if (event.type === EVENT_ID.ALIAS) return { offset: offset ?? event.anchorStart, children: new Map() };
    if (event.type === EVENT_ID.SCALAR) return { offset: offset ?? event.valueStart, children: new Map() };
    if (event.type === EVENT_ID.DOCUMENT) return read(undefined);
    const children = new Map<string | number, PositionNode>();
    for (let index = 0; events[at] !== undefined && events[at]?.type !== EVENT_ID.POP; index++) {
      if (event.type === EVENT_ID.SEQUENCE) children.set(index, read(undefined));
      else {
        const key = events[at];
        const name = key?.type === EVENT_ID.SCALAR ? getScalarValue(source, key) : `#${index}`;
        const keyNode = read(undefined);
        children.set(name, read(keyNode.offset));
      }
    }
    at++;
    return { offset: offset ?? event.start, children };
  };
  return read(undefined);
}

function offsetOf(root: PositionNode, path: readonly (string | number)[]): number {
  let node = root;
  for (const part of path) {
    const next = node.children.get(part);
    if (next === undefined) break;
    node = next;
  }
  return Math.max(0, node.offset);
}

function countLines(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

function faultOf(thrown: unknown, firstLine: number): SourceFault {
  if (!(thrown instanceof YAMLException))
    return { line: firstLine, message: thrown instanceof Error ? thrown.message : String(thrown) };
  const line = firstLine + (thrown.mark?.line ?? 0);
  if (thrown.reason !== 'duplicated mapping key' || thrown.mark === undefined)
    return { line, message: thrown.reason };
  const key =
    /^("[^"\n]*"|'[^'\n]*'|[^:\n]*)/.exec(thrown.mark.buffer.slice(thrown.mark.position))?.[0] ?? '';
  return {
    line,
    message: `key ${JSON.stringify(key.replace(/^["']|["']$/g, '').trim())} already set in map`,
  };
}

/** Files of charts are the most common thing given by mistake. */
function withTemplateHint(fault: SourceFault, source: string): SourceFault {
  return /\{\{.*\}\}/.test(source)
    ? { ...fault, message: `${fault.message}; this looks like a template, render it first` }
    : fault;
}

import { readFileSync, statSync } from 'node:fs';
import { sha256Hex } from '../../base/hash.ts';
import type { Issue } from '../../base/issue.ts';
import { error } from '../../base/issue.ts';
import { decode } from '../../xds/decode.ts';
import type { ConfigSource } from '../../xds/messages/core.ts';
import { DiscoveryResponse, type RawResource } from '../../xds/messages/discovery.ts';

/** One resource as read from a file or the bootstrap: its text decides whether it changed, its message is decoded when needed. */
export interface Resource {
  readonly name: string;
  readonly typeName: string;
  readonly json: unknown;
  readonly hash: string;
}

/** The resources of one file and its version. */
export interface ResourceFile {
  readonly version: string;
  readonly resources: readonly Resource[];
}

interface CachedFile {
  /** What `stat` said before it was read; undefined when the file was too young to be told from a later form of the same age. */
  readonly stamp: string | undefined;
  readonly textHash: string;
  readonly file: ResourceFile;
}

/** A file written this short before it is read may be written again within the same tick of the file system's clock. */
const youngMs = 100;

/** Reads DiscoveryResponse files: those `stat` cannot tell from the last time are not read again, those with the same bytes not decoded. */
export class FileReader {
  #cache = new Map<string, CachedFile>();
  #next = new Map<string, CachedFile>();

  /** Begins a round; files that are not read in it are forgotten at its end. */
  begin(): void {
    this.#next = new Map();
  }

  end(): void {
    this.#cache = this.#next;
  }

  /** The file's resources of one type, or issues that say what is wrong with it. */
  read(
    path: string,
    typeName: string,
  ): { readonly file: ResourceFile | undefined; readonly issues: readonly Issue[] } {
    const cached = this.#cache.get(path);
    let stamp: string | undefined;
    let text: string;
    try {
      stamp = stampOf(path);
      if (cached !== undefined && stamp !== undefined && stamp === cached.stamp) {
        this.#next.set(path, cached);
        return { file: cached.file, issues: [] };
      }
      text = readFileSync(path, 'utf8');
    } catch (thrown) {
      return {
        file: undefined,
        issues: [error('Unreadable', path, `cannot be read: ${(thrown as Error).message}`)],
      };
    }
    const textHash = sha256Hex(text);
    if (cached?.textHash === textHash) {
      this.#next.set(path, { ...cached, stamp });
      return { file: cached.file, issues: [] };
    }
    const parsed = parseFile(path, text, typeName);
    if (parsed.file !== undefined) this.#next.set(path, { stamp, textHash, file: parsed.file });
    return parsed;
  }
}

/** Device, inode, size and time of writing. A hard link of an unchanged file has the same. */
function stampOf(path: string): string | undefined {
  const { dev, ino, size, mtimeMs } = statSync(path);
  return Date.now() - mtimeMs < youngMs ? undefined : `${dev}:${ino}:${size}:${mtimeMs}`;
}

function parseFile(
  path: string,
  text: string,
  typeName: string,
): { file: ResourceFile | undefined; issues: readonly Issue[] } {
  let json: unknown;
  try {
    json = parseDocument(text);
  } catch (thrown) {
    return {
      file: undefined,
      issues: [error('Malformed', path, `is neither JSON nor YAML: ${(thrown as Error).message}`)],
    };
  }
  const { value, issues } = decode(DiscoveryResponse, json, path);
  if (value === undefined) return { file: undefined, issues };
  const wrong = value.resources.findIndex((resource) => resource.typeName !== typeName);
  if (wrong >= 0) {
    const found = (value.resources[wrong] as RawResource).typeName;
    return {
      file: undefined,
      issues: [error('WrongType', `${path}: resources[${wrong}]`, `is a ${found}, not a ${typeName}`)],
    };
  }
  return { file: { version: value.version_info, resources: value.resources.map(toResource) }, issues: [] };
}

function toResource(raw: RawResource): Resource {
  return { name: raw.name, typeName: raw.typeName, json: raw.json, hash: resourceHash(raw.json) };
}

/** Equal content in equal order gives equal hashes; order of keys is the writer's, who writes canonically. */
export function resourceHash(json: unknown): string {
  return sha256Hex(JSON.stringify(json), 32);
}

let parseYaml: ((text: string) => unknown) | undefined;
let yamlWanted = false;

/** Loads the YAML parser (5 MB that a proxy with JSON files need not spend); true when a document has asked for it since the start. */
export async function loadYamlIfWanted(): Promise<boolean> {
  if (!yamlWanted || parseYaml !== undefined) return false;
  parseYaml = (await import('../../base/yaml.ts')).parseYaml;
  return true;
}

/** JSON by the quick parser, anything else as YAML. Throws on bad syntax, and when YAML is met before `loadYamlIfWanted`. */
export function parseDocument(text: string): unknown {
  if (text.trimStart().startsWith('{')) return JSON.parse(text);
  yamlWanted = true;
  if (parseYaml === undefined) throw new Error('the YAML parser is not loaded');
  return parseYaml(text);
}

/** The file a ConfigSource names. */
export function sourcePath(source: ConfigSource): {
  readonly path: string;
  readonly watched: string | undefined;
} {
  const config = source.path_config_source;
  return { path: config?.path ?? source.path ?? '', watched: config?.watched_directory?.path };
}

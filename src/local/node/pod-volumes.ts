import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { Clock, Timer } from '../../base/clock.ts';
import { errorMessage, type Logger } from '../../base/log.ts';
import type { LocalApi } from '../api/local-api.ts';
import { AtomicFolder } from './atomic-folder.ts';
import { expandVariables, MissingReferenceError, type PodFacts } from './environment.ts';
import type { BindMount } from './launch-script.ts';
import type { Container, Volume, VolumeMount } from './pod-spec.ts';
import { type TokenRequest, type VolumeFiles, volumeContent, volumeSources } from './volume-content.ts';

export interface PodVolumesOptions {
  readonly api: LocalApi;
  readonly clock: Clock;
  readonly log: Logger;
  /** The pod's own folder on the host. */
  readonly folder: string;
  /** Where PersistentVolumeClaims live, beyond the pod. */
  readonly claims: string;
}

interface Token {
  readonly content: Buffer;
  readonly renewAt: number;
}

/** The volumes of one pod: made before its containers start, kept up to date while it lives. */
export class PodVolumes {
  readonly #options: PodVolumesOptions;
  readonly #paths = new Map<string, string>();
  readonly #folders = new Map<string, AtomicFolder>();
  readonly #tokens = new Map<string, Token>();
  #renewal: Timer | undefined;

  constructor(options: PodVolumesOptions) {
    this.#options = options;
  }

  /** Makes every volume. Rejects with MissingReferenceError (wait for the object) or another Error (wrong for good). */
  async prepare(facts: PodFacts): Promise<void> {
    for (const volume of facts.pod.spec.volumes ?? []) await this.#prepareOne(facts, volume);
    this.#scheduleRenewal(facts);
  }

  /** Rewrites the volumes made of a ConfigMap or Secret that changed. */
  async refresh(facts: PodFacts, kind: 'configMaps' | 'secrets', name: string): Promise<void> {
    for (const volume of facts.pod.spec.volumes ?? []) {
      if (!volumeSources(volume)[kind].includes(name)) continue;
      await this.#writeContent(facts, volume).catch((error: unknown) => {
        // A source that vanished leaves the last content in place, as kubelet does.
        this.#options.log.warn('volume keeps its last content', {
          volume: volume.name,
          error: errorMessage(error),
        });
      });
    }
  }

  stop(): void {
    this.#renewal?.cancel();
  }

  async #prepareOne(facts: PodFacts, volume: Volume): Promise<void> {
    const path = join(this.#options.folder, 'volumes', volume.name);
    const group = facts.pod.spec.securityContext?.fsGroup;
    if (volume.hostPath) {
      this.#paths.set(volume.name, hostPath(volume.hostPath));
    } else if (volume.persistentVolumeClaim) {
      const claim = `${facts.pod.metadata.namespace}-${volume.persistentVolumeClaim.claimName}`;
      this.#paths.set(volume.name, writableFolder(join(this.#options.claims, claim), group));
    } else if (await this.#writeContent(facts, volume)) {
      this.#paths.set(volume.name, path);
    } else if (volume.emptyDir || Object.keys(volume).length === 1) {
      this.#paths.set(volume.name, writableFolder(path, group));
    } else {
      const type = Object.keys(volume).find((key) => key !== 'name');
      throw new Error(
        `volume "${volume.name}": type ${type} is not supported by the local cluster; use emptyDir, configMap, secret, projected, downwardAPI, hostPath or persistentVolumeClaim`,
      );
    }
  }

  /** False when the volume's content does not come from objects. */
  async #writeContent(facts: PodFacts, volume: Volume): Promise<boolean> {
    const content = volumeContent(facts, volume);
    if (content === undefined) return false;
    for (const token of content.tokens) await this.#addToken(facts, content.files, volume.name, token);
    const group = facts.pod.spec.securityContext?.fsGroup;
    const path = join(this.#options.folder, 'volumes', volume.name);
    const folder = this.#folders.get(volume.name) ?? new AtomicFolder(path, group);
    this.#folders.set(volume.name, folder);
    folder.write(content.files);
    return true;
  }

  async #addToken(facts: PodFacts, files: VolumeFiles, volume: string, request: TokenRequest): Promise<void> {
    const { api, clock } = this.#options;
    const key = `${volume}/${request.path}`;
    let token = this.#tokens.get(key);
    if (token === undefined || clock.now() >= token.renewAt) {
      const { namespace = '' } = facts.pod.metadata;
      const account = facts.pod.spec.serviceAccountName ?? 'default';
      const issued = await api.issueToken(namespace, account, request.options);
      const lifeMs = Date.parse(issued.expirationTimestamp) - clock.now();
      // Renewed when 80 % of its life is over, as kubelet does.
      token = { content: Buffer.from(issued.token), renewAt: clock.now() + lifeMs * 0.8 };
      this.#tokens.set(key, token);
    }
    files.set(request.path, { content: token.content, mode: request.mode });
  }

  #scheduleRenewal(facts: PodFacts): void {
    const next = Math.min(...[...this.#tokens.values()].map(({ renewAt }) => renewAt));
    if (!Number.isFinite(next)) return;
    this.#renewal = this.#options.clock.after(Math.max(next - this.#options.clock.now(), 1000), async () => {
      for (const volume of facts.pod.spec.volumes ?? []) {
        if (!volume.projected) continue;
        await this.#writeContent(facts, volume).catch((error: unknown) => {
          this.#options.log.warn('token could not be renewed', {
            volume: volume.name,
            error: errorMessage(error),
          });
        });
      }
      this.#scheduleRenewal(facts);
    });
  }

  /** The bind mounts of a container, outer folders first. Throws when a mount names no volume or leaves it by `..`. */
  mounts(container: Container, env: Readonly<Record<string, string>>): BindMount[] {
    return (container.volumeMounts ?? [])
      .map((mount) => this.#mount(mount, env))
      .sort((a, b) => a.target.split('/').length - b.target.split('/').length);
  }

  #mount(mount: VolumeMount, env: Readonly<Record<string, string>>): BindMount {
    const path = this.#paths.get(mount.name);
    if (path === undefined) throw new Error(`volumeMount "${mount.name}" names no volume of the pod`);
    const sub = mount.subPathExpr ? expandVariables(mount.subPathExpr, env) : (mount.subPath ?? '');
    if (sub.split('/').includes('..')) throw new Error(`subPath "${sub}" must not contain ".."`);
    const whole = join(path, sub);
    if (sub !== '' && !existsSync(whole)) mkdirSync(whole, { recursive: true, mode: 0o777 });
    const source = realpathSync(whole);
    return {
      source,
      target: normalize(join('/', mount.mountPath)).replace(/(.)\/$/, '$1'),
      // Content that comes from objects is read-only for every container.
      readOnly: mount.readOnly === true || this.#folders.has(mount.name),
      kind: statSync(source).isDirectory() ? 'folder' : 'file',
    };
  }
}

/** A folder every container may write; with an fsGroup it belongs to that group and hands it on. */
function writableFolder(path: string, group: number | undefined): string {
  mkdirSync(path, { recursive: true });
  if (group !== undefined) chownSync(path, 0, group);
  chmodSync(path, group === undefined ? 0o777 : 0o2777);
  return path;
}

function hostPath({ path, type = '' }: { path: string; type?: string }): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    if (type === 'DirectoryOrCreate' || type === '') mkdirSync(path, { recursive: true });
    else if (type === 'FileOrCreate') {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, '');
    } else throw new MissingReferenceError(`hostPath type check failed: ${path} is not a ${type}`);
  }
  const real = realpathSync(path);
  const folder = statSync(real).isDirectory();
  if ((type.startsWith('Directory') && !folder) || (type.startsWith('File') && folder)) {
    throw new MissingReferenceError(`hostPath type check failed: ${path} is not a ${type}`);
  }
  return real;
}

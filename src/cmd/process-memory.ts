import { readdirSync, readFileSync } from 'node:fs';

export interface Memory {
  readonly processes: number;
  /** Sum of resident set sizes in bytes: pages shared between processes count once a process. */
  readonly rss: number;
  /** Sum of proportional set sizes in bytes: shared pages count once in all. */
  readonly pss: number;
}

/** Memory of a process and all its descendants, from /proc. */
export function treeMemory(root: number): Memory {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = read(`/proc/${name}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [root];
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i] as number) ?? []));
  const sum = (field: string) =>
    tree.reduce((total, pid) => total + kilobytes(read(`/proc/${pid}/smaps_rollup`), field), 0) * 1024;
  return { processes: tree.length, rss: sum('Rss'), pss: sum('Pss') };
}

function kilobytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}

/** A process may end while it is being looked at. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

export function formatMemory(memory: Memory): string {
  const mib = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MiB`;
  return `${memory.processes} processes, ${mib(memory.rss)} resident, ${mib(memory.pss)} with shared pages counted once`;
}

import { error, type Issue, warning } from '../../base/issue.ts';

/** Collects what is wrong with one object. */
export class Report {
  readonly issues: Issue[] = [];

  error(code: string, path: string, message: string): void {
    this.issues.push(error(code, path, message));
  }

  warning(code: string, path: string, message: string): void {
    this.issues.push(warning(code, path, message));
  }
}

/** `base.name`, with the name in brackets and quotes when it is not a plain word. */
export function child(base: string, name: string): string {
  if (/^[A-Za-z_@$][\w$-]*$/.test(name)) return base === '' ? name : `${base}.${name}`;
  return `${base}[${JSON.stringify(name)}]`;
}

/** `base[index]`. */
export function item(base: string, index: number): string {
  return `${base}[${index}]`;
}

/** The parts of a path made by `child` and `item`. */
export function pathParts(path: string): (string | number)[] {
  const parts: (string | number)[] = [];
  for (const [, index, quoted, word] of path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)) {
    if (index !== undefined) parts.push(Number(index));
    else if (quoted !== undefined) parts.push(JSON.parse(quoted) as string);
    else if (word !== undefined) parts.push(word);
  }
  return parts;
}

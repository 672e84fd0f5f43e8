/** Lines that differ, with three lines of context, in the form of `diff -u` without file names; empty when the texts are equal. */
export function textDiff(before: string, after: string, context = 3): string {
  const steps = editScript(before.split('\n'), after.split('\n'));
  const keep = steps.map((_, index) => {
    const near = steps.slice(Math.max(0, index - context), index + context + 1);
    return near.some((step) => step.mark !== ' ');
  });
  const lines: string[] = [];
  steps.forEach((step, index) => {
    if (keep[index]) lines.push(`${step.mark}${step.line}`);
    else if (keep[index - 1]) lines.push('...');
  });
  return lines.join('\n');
}

interface Step {
  readonly mark: ' ' | '-' | '+';
  readonly line: string;
}

/** Longest common subsequence over what is left after equal heads and tails are taken off. */
function editScript(a: readonly string[], b: readonly string[]): Step[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  )
    tail++;
  const same = (line: string): Step => ({ mark: ' ', line });
  const middle = lcsSteps(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  return [...a.slice(0, head).map(same), ...middle, ...a.slice(a.length - tail).map(same)];
}

function lcsSteps(a: readonly string[], b: readonly string[]): Step[] {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => table[i * width + j] as number;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const steps: Step[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      steps.push({ mark: ' ', line: a[i] as string });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1)))
      steps.push({ mark: '-', line: a[i++] as string });
    else steps.push({ mark: '+', line: b[j++] as string });
  }
  return steps;
}

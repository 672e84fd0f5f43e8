/** One line of a suite's table. */
export interface Row {
  readonly suite: string;
  readonly subject: string;
  readonly result: string;
  /** Whether it reaches what is asked of it; undefined for the others, shown for comparison. */
  readonly passed: boolean | undefined;
  readonly detail?: string;
}

/** What is known of a subject that others are compared with has no verdict of its own. */
export function verdict(subject: string, passed: boolean): boolean | undefined {
  return subject === 'lateen' ? passed : undefined;
}

export function printRows(rows: readonly Row[]): void {
  const widths = (['suite', 'subject', 'result'] as const).map((key) =>
    Math.max(...rows.map((row) => row[key].length)),
  );
  for (const row of rows) {
    const [suite = 0, subject = 0, result = 0] = widths;
    const mark = row.passed === undefined ? '    ' : row.passed ? 'pass' : 'FAIL';
    console.log(
      `${mark}  ${row.suite.padEnd(suite)}  ${row.subject.padEnd(subject)}  ${row.result.padEnd(result)}`.trimEnd(),
    );
    if (row.detail !== undefined && row.passed !== true) console.log(row.detail.replace(/^/gm, '        '));
  }
}

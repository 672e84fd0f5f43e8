const unitMs: Record<string, number> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000001,
};

/**
 * Milliseconds of a duration as Istio's API takes it: `1.5s`, `100ms`, `1h30m`. Undefined when it is not one.
 * (Go's time.ParseDuration, which proto3 JSON of Istio goes through.)
 */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (match === null) return text === '0' ? 0 : undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (unitMs[unit as string] as number);
  }
  return match[1] === '-' ? -total : total;
}

/** A duration in proto3 JSON: `1.500s`. */
export function protoDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  const rest = Math.round((ms - seconds * 1000) * 1000);
  if (rest === 0) return `${seconds}s`;
  const micros = String(rest).padStart(6, '0');
  return `${seconds}.${micros.endsWith('000') ? micros.slice(0, 3) : micros}s`;
}

import { holdProcess, sleep, systemClock } from '../base/clock.ts';

/** Asks every quarter of a second until `probe` gives something; undefined when time is up. Failures of the probe pass through. */
export async function waitUntil<T>(
  limitMs: number,
  probe: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = systemClock.monotonic() + limitMs;
  const hold = holdProcess();
  try {
    for (;;) {
      const value = await probe();
      if (value !== undefined) return value;
      if (systemClock.monotonic() >= deadline) return undefined;
      await sleep(systemClock, 250);
    }
  } finally {
    hold.cancel();
  }
}

/** `300s`, `5m`, `1m30s` in milliseconds; throws on anything else. */
export function durationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text)
    throw new Error(`invalid duration "${text}": write for example 300s or 5m`);
  const unit: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  return parts.reduce((sum, part) => sum + Number(part[1]) * (unit[part[2] as string] as number), 0);
}

import type { RuntimeFractionalPercent } from '../xds/messages/core.ts';
import type { FractionalPercent } from '../xds/messages/percent.ts';

const denominators = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 } as const;

/** The denominator of a fractional percent as a number. */
export function denominatorOf(percent: FractionalPercent): number {
  return denominators[percent.denominator];
}

/** A share between 0 and 1. */
export function share(percent: FractionalPercent | undefined): number {
  return percent === undefined ? 0 : Math.min(1, percent.numerator / denominatorOf(percent));
}

/** Whether a request with this random number falls into the fraction: `random mod denominator < numerator`, as Envoy decides. */
export function inFraction(percent: FractionalPercent, randomValue: number): boolean {
  return randomValue % denominatorOf(percent) < percent.numerator;
}

type Runtime = (key: string) => unknown;

/** A fraction whose numerator a runtime key may change (a number is per cent, an object a whole FractionalPercent). */
export function runtimeFraction(
  percent: RuntimeFractionalPercent,
  runtime: Runtime,
  randomValue: number,
): boolean {
  const override = percent.runtime_key === '' ? undefined : runtime(percent.runtime_key);
  if (typeof override === 'number') return randomValue % 100 < override;
  if (typeof override === 'object' && override !== null && 'numerator' in override)
    return inFraction({ denominator: 'HUNDRED', ...(override as object) } as FractionalPercent, randomValue);
  return inFraction(percent.default_value, randomValue);
}

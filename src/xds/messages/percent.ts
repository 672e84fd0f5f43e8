import { message } from '../message.ts';
import { double, enumeration, int32, int64, uint32 } from '../scalar.ts';
import type { Infer } from '../schema.ts';

/** envoy.type.v3 numbers. */
export const Percent = message('envoy.type.v3.Percent', { value: double({ gte: 0, lte: 100 }) });
export type Percent = Infer<typeof Percent>;

export const FractionalPercent = message('envoy.type.v3.FractionalPercent', {
  numerator: uint32(),
  denominator: enumeration('DenominatorType', ['HUNDRED', 'TEN_THOUSAND', 'MILLION']),
});
export type FractionalPercent = Infer<typeof FractionalPercent>;

export const Int64Range = message('envoy.type.v3.Int64Range', { start: int64(), end: int64() });
export type Int64Range = Infer<typeof Int64Range>;
export const Int32Range = message('envoy.type.v3.Int32Range', { start: int32(), end: int32() });
export type Int32Range = Infer<typeof Int32Range>;
export const DoubleRange = message('envoy.type.v3.DoubleRange', { start: double(), end: double() });

/** A whole number for `random mod denominator`, from a uniform source in [0, 1). */
export function randomInteger(env: { random(): number }): number {
  return Math.floor(env.random() * 0x1_0000_0000);
}

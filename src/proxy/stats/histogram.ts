/** Upper bounds of Envoy's Prometheus buckets; durations are milliseconds. */
export const bucketBounds: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];

/** Cumulative counts by bucket, sum and count of recorded values. */
export class Histogram {
  /** Not cumulative; the last one is above every bound. */
  readonly buckets = new Float64Array(bucketBounds.length + 1);
  count = 0;
  sum = 0;

  record(value: number): void {
    let index = 0;
    while (index < bucketBounds.length && value > (bucketBounds[index] as number)) index++;
    this.buckets[index] = (this.buckets[index] as number) + 1;
    this.count++;
    this.sum += value;
  }

  /** An estimate by linear interpolation inside the bucket; `q` in [0, 1]. NaN when nothing was recorded. */
  quantile(q: number): number {
    if (this.count === 0) return Number.NaN;
    const rank = q * this.count;
    let seen = 0;
    for (let i = 0; i < this.buckets.length; i++) {
      const inBucket = this.buckets[i] as number;
      if (inBucket > 0 && seen + inBucket >= rank) {
        const low = i === 0 ? 0 : (bucketBounds[i - 1] as number);
        const high = bucketBounds[i] ?? low * 2;
        return low + ((high - low) * Math.max(0, rank - seen)) / inBucket;
      }
      seen += inBucket;
    }
    return bucketBounds.at(-1) as number;
  }

  clear(): void {
    this.buckets.fill(0);
    this.count = 0;
    this.sum = 0;
  }

  /** Adds another's values: workers' statistics are merged so. */
  merge(other: { readonly buckets: ArrayLike<number>; readonly count: number; readonly sum: number }): void {
    for (let i = 0; i < this.buckets.length; i++) {
      this.buckets[i] = (this.buckets[i] as number) + (other.buckets[i] as number);
    }
    this.count += other.count;
    this.sum += other.sum;
  }
}

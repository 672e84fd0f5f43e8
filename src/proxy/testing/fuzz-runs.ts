/**
 * How long a fuzz test runs: `runs` cases in an ordinary test run; with FUZZ_SECONDS=600 in the environment that long, with FUZZ_SEED the same
 * cases again.
 */
export function fuzzRuns(runs: number): {
  seed: number;
  numRuns: number;
  interruptAfterTimeLimit: number;
  markInterruptAsFailure: boolean;
} {
  const seconds = Number(process.env['FUZZ_SECONDS'] ?? '0');
  return {
    seed: Number(process.env['FUZZ_SEED'] ?? '1'),
    numRuns: seconds > 0 ? 1_000_000_000 : runs,
    interruptAfterTimeLimit: seconds > 0 ? seconds * 1000 : 20_000,
    markInterruptAsFailure: false,
  };
}

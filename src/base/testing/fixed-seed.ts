import { configureGlobal } from 'fast-check';

/**
 * Property tests run from one seed in `npm test`, so that a red run is a change's fault and a green one repeats. LATEEN_FUZZ_SEED takes
 * another (`random` for a new one each run, as the long fuzz runs do); a failure prints the seed it found.
 */
const wanted = process.env['LATEEN_FUZZ_SEED'];
if (wanted !== 'random') configureGlobal({ seed: Number(wanted ?? 20_261_121) });

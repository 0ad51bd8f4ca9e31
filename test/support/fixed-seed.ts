import fc from 'fast-check';

/**
 * Properties are tried on the same cases in every run, so that a change is judged by what it changes.
 * KEYMETER_TEST_SEED=random tries new cases, any other number those of that seed.
 */
const wanted = process.env['KEYMETER_TEST_SEED'] ?? '20261122';
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });

import {defineConfig} from 'vitest/config';

export default defineConfig({
  // NODE_ENV is production below, where React has no development JSX.
  oxc: {jsx: {runtime: 'automatic', development: false}},
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    // Real nodes start in a test's setup; two at a time is what two cores bear.
    // A timeout only ends what hangs: crash and reorg scenarios start the program many times, and machines are shared.
    testTimeout: 240_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    env: {NODE_ENV: 'production'},
  },
});

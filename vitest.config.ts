import {defineConfig} from 'vitest/config';

export default defineConfig({
  // NODE_ENV is production below, where React has no development JSX.
  oxc: {jsx: {runtime: 'automatic', development: false}},
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    // Real nodes start in a test's setup; two at a time is what two cores bear.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    env: {NODE_ENV: 'production'},
  },
});

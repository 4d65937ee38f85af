// Mutation testing of the pure core: `npm run mutation`. Each change to shared/record that no test notices is a
// survivor; the last result, with the survivors, is in test/bench/mutation.md.
export default {
  mutate: ['shared/record/**/*.ts'],
  plugins: ['./test/support/mutation/runner.mjs'],
  testRunner: 'in-process',
  // TypeScript 7 has no API for Stryker to rewrite tsconfig.json with, and nothing here needs it rewritten.
  tsconfigFile: 'no-tsconfig.json',
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // Each mutant loads the bundle once more, and a loaded module is never freed.
  maxTestRunnerReuse: 150,
  timeoutMS: 10_000,
  ignorePatterns: [
    'local',
    'client',
    'functions',
    'deploy',
    'dist',
    'test/e2e',
    'test/integration',
    'reports',
  ],
  tempDirName: '.stryker-tmp',
  cleanTempDir: 'always',
  reporters: ['clear-text', 'json', 'progress'],
  jsonReporter: { fileName: 'reports/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  allowConsoleColors: false,
  thresholds: { high: 95, low: 90, break: 90 },
};

// Mutation testing of the pure core: `npm run mutation`. Each change to shared/record that no test notices is a
// survivor; the last result is in test/bench/mutation.md.
export default {
  mutate: ['shared/record/**/*.ts'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'],
  jest: {
    projectType: 'custom',
    configFile: 'jest.config.js',
    config: {
      roots: ['<rootDir>/shared/record', '<rootDir>/test/unit/shared/record'],
      testMatch: ['<rootDir>/test/unit/shared/record/all-for-mutation.ts'],
    },
    // Which tests are related is read from `require`; with ES modules none would be found.
    enableFindRelatedTests: false,
  },
  // TypeScript 7 has no API for Stryker to rewrite tsconfig.json with, and nothing here needs it rewritten.
  tsconfigFile: 'no-tsconfig.json',
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 20_000,
  ignorePatterns: ['local', 'functions', 'deploy', 'dist', 'test/e2e', 'test/integration', '.git'],
  tempDirName: '.stryker-tmp',
  cleanTempDir: 'always',
  reporters: ['clear-text', 'json', 'progress'],
  jsonReporter: { fileName: 'reports/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  allowConsoleColors: false,
  thresholds: { high: 95, low: 90, break: 90 },
};

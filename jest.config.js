// ES modules throughout: @middy/core ships nothing else, and what the tests load is then what Node loads.
export default {
  testEnvironment: '<rootDir>/test/support/leak-guard.mjs',
  roots: ['<rootDir>/test', '<rootDir>/local/sls/test'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testMatch: ['**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.stryker-tmp/'],
  // There to end what hangs, not to measure: a busy machine takes long. A deep run has up to a hundred times the
  // cases: test/support/depth.ts.
  testTimeout: process.env.IDV_TEST_DEPTH === 'deep' ? 900_000 : 300_000,
};

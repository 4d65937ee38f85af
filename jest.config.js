// ES modules throughout: @middy/core ships nothing else, and what the tests load is then what Node loads.
export default {
  testEnvironment: 'node',
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
  // A deep run has up to a hundred times the cases: test/support/depth.ts.
  testTimeout: process.env.IDV_TEST_DEPTH === 'deep' ? 600_000 : 60_000,
};

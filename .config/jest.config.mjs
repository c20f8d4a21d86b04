/** Jest runs the sources as ESM through swc; `.e2e.spec.ts` and `test/faults` use the built programs in dist/. */

// No test works on a ledger that the shell happens to name.
for (const name of Object.keys(process.env)) if (/^LEDGER_(?!TEST_|HISTORY_)/.test(name)) delete process.env[name];

export default {
  rootDir: '..',
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  globalSetup: '<rootDir>/test/support/bundle-servers.mjs',
  setupFiles: ['reflect-metadata'],
  // A real node holds one ledger at a time.
  maxWorkers: process.env.LEDGER_TEST_ESDB_URL === undefined ? 2 : 1,
  // Modules of suites that have ended stay in a worker's memory; one that is full of them takes ten times as long for the same work.
  workerIdleMemoryLimit: '1GB',
  testTimeout: 120_000,
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  moduleNameMapper: {
    '^@app/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
};

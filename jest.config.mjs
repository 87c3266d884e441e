const common = {
  testEnvironment: 'node',
  globalTeardown: '<rootDir>/tests/support/end-at-once.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }],
  },
};

/** Needs no engine. */
const model = '/tests/model/';

/** Bound a time that somebody waits, or build tools with all that the machine has: beside these nothing else runs. */
const alone = [
  '/tests/(manifests|observability)/.*\\.test\\.ts$',
  '/tests/e2e/(outages-are-waited-out|sigterm-drains)\\.test\\.ts$',
  '/tests/faults/overload-is-refused-in-time\\.test\\.ts$',
];

/** What starts engines or services shows the end of their logs when it fails. */
const withEngines = {
  ...common,
  testEnvironment: '<rootDir>/tests/support/failure-environment.mjs',
  globalSetup: '<rootDir>/tests/support/start-engines.mjs',
  globalTeardown: '<rootDir>/tests/support/stop-engines.mjs',
};

/** dev/test.ts says which of them run when, and how many files at once. */
export default {
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/{packages,services,operator,tools,generate,dev,bench}/**/*.test.ts',
        `<rootDir>${model}**/*.test.ts`,
      ],
      testPathIgnorePatterns: ['/node_modules/', '\\.integration\\.test\\.ts$'],
    },
    { ...withEngines, displayName: 'alone', testRegex: alone },
    {
      ...withEngines,
      displayName: 'engines',
      testMatch: [
        '<rootDir>/tests/**/*.test.ts',
        '<rootDir>/{packages,services,operator,tools,dev}/**/*.integration.test.ts',
      ],
      testPathIgnorePatterns: ['/node_modules/', '/tests/cluster/', model, ...alone],
    },
  ],
};

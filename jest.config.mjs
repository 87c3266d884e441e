const common = {
  testEnvironment: 'node',
  globalTeardown: '<rootDir>/tests/support/exit-when-idle.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }],
  },
};

/** A test that uses engines or services shows the end of their logs when it fails. */
const withEngines = {
  ...common,
  testEnvironment: '<rootDir>/tests/support/failure-environment.mjs',
  globalSetup: '<rootDir>/tests/support/start-engines.mjs',
  globalTeardown: '<rootDir>/tests/support/stop-engines.mjs',
};

/** Outside the workspaces, the tests that need no engine. */
const engineless = ['tests/{model,support,faults/campaign,faults/mutants}/*.test.ts'];

/** These bound how long a client waits, or build tools on all cores: no other test runs beside them. */
const serial = [
  'tests/{manifests,observability}/*.test.ts',
  'tests/e2e/{outages-lose-no-order,sigterm-drains}.test.ts',
  'tests/faults/overload-is-rejected-promptly.test.ts',
];

const matching = (globs) => globs.map((glob) => `<rootDir>/${glob}`);
const except = (globs) => globs.map((glob) => `!**/${glob}`);

/** dev/test.ts says which of them run when, and how many files at once. */
export default {
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: [
        ...matching(['{packages,services,operator,tools,generate,dev,bench}/**/*.test.ts', ...engineless]),
        ...except(['*.integration.test.ts']),
      ],
    },
    { ...withEngines, displayName: 'serial', testMatch: matching(serial) },
    {
      ...withEngines,
      displayName: 'engines',
      testMatch: [
        ...matching(['**/*.integration.test.ts', 'tests/**/*.test.ts']),
        ...except(['tests/cluster/**', ...engineless, ...serial]),
      ],
    },
  ],
};

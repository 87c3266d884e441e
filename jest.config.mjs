const common = {
  testEnvironment: 'node',
  globalTeardown: '<rootDir>/tests/support/exit-when-idle.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  dependencyExtractor: '<rootDir>/tests/support/dependency-extractor.mjs',
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
const engineless = [
  'tests/*.test.ts',
  'tests/{model,support,faults/campaign,faults/mutants}/*.test.ts',
  'tests/tracing/tracing-is-off-by-default.test.ts',
];

/** These check the files that we ship with the tools that read them, which they build first on a new machine. */
const manifests = [
  'tests/manifests/*.test.ts',
  'tests/observability/{every-alert-fires-and-clears,shipped-monitoring-is-valid}.test.ts',
];

/** These bound how long a client waits: no other test runs beside them. */
const serial = [
  'tests/e2e/{outages-lose-no-order,sigterm-drains}.test.ts',
  'tests/faults/overload-is-rejected-promptly.test.ts',
];

const matching = (globs) => globs.map((glob) => `<rootDir>/${glob}`);
const except = (globs) => globs.map((glob) => `!**/${glob}`);

/** tests/run.ts says which of them run when, and how many files at once. */
export default {
  testSequencer: '<rootDir>/tests/support/longest-first.mjs',
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: [
        ...matching(['{packages,services,operator,tools,generate,checks,dev,bench}/**/*.test.ts', ...engineless]),
        ...except(['*.integration.test.ts']),
      ],
    },
    { ...common, displayName: 'manifests', testMatch: matching(manifests) },
    { ...withEngines, displayName: 'serial', testMatch: matching(serial) },
    {
      ...withEngines,
      displayName: 'engines',
      testMatch: [
        ...matching(['**/*.integration.test.ts', 'tests/**/*.test.ts']),
        ...except(['tests/cluster/**', ...engineless, ...manifests, ...serial]),
      ],
    },
  ],
};

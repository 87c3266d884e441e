const common = {
  testEnvironment: 'node',
  globalTeardown: '<rootDir>/tests/support/end-at-once.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }],
  },
};

/** Needs no engine. (The manifests need none either, but build their tools, and beside that no other test should run.) */
const model = '<rootDir>/tests/model/**/*.test.ts';

/** Unit tests run side by side; what starts engines or services runs one file at a time (see dev/test.ts). */
export default {
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/{packages,services,tools,dev,bench}/**/*.test.ts', model],
      testPathIgnorePatterns: ['/node_modules/', '\\.integration\\.test\\.ts$'],
    },
    {
      ...common,
      displayName: 'engines',
      testEnvironment: '<rootDir>/tests/support/failure-environment.mjs',
      testMatch: ['<rootDir>/tests/**/*.test.ts', '<rootDir>/{packages,services,tools,dev}/**/*.integration.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/tests/(cluster|model)/'],
    },
  ],
};

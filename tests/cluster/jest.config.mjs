import base from '../../jest.config.mjs';

/** What needs a cluster is no part of `npm test`. */
const {
  testPathIgnorePatterns: _,
  testMatch: __,
  ...engines
} = base.projects.find(({ displayName }) => displayName === 'engines');
export default {
  ...engines,
  displayName: 'cluster',
  rootDir: '../..',
  testMatch: ['<rootDir>/tests/cluster/**/*.test.ts'],
};

import base from '../../jest.config.mjs';

/** Tests that need a cluster are not part of `npm test`. */
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

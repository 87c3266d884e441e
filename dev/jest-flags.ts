/** What Node has to be told wherever jest runs. */
export const jestFlags = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  // Of kafkajs; what packages/kafka does about it does not reach out of a test's own world.
  '--disable-warning=TimeoutNegativeWarning',
] as const;

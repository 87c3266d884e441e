/** Node's flags wherever jest runs. */
export const jestFlags = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  // Of kafkajs: its patch in packages/kafka has no effect on the realm outside a test.
  '--disable-warning=TimeoutNegativeWarning',
] as const;

/**
 * The machine or the command line lacks something. The message is a whole sentence with the remedy, so the user sees it
 * without a stack.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

export const isSetupError = (error: unknown): error is SetupError => (error as Error | null)?.name === 'SetupError';

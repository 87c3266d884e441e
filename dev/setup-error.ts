/**
 * Something about the machine or the command line stands in the way. The message is a whole sentence that names the
 * remedy, so it is shown to the user without a stack.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

export const isSetupError = (error: unknown): error is SetupError => (error as Error | null)?.name === 'SetupError';

/** The part of a logger that the packages use; pino's fits. Fields first, then a message in words that an operator greps for. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Logs nothing: for clients whose failures show elsewhere, such as those of tools and tests. */
export const quietLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

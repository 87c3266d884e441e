/** A logger for clients of the tests themselves, whose troubles show in what is expected. */
export const quiet = { debug() {}, info() {}, warn() {}, error() {} };

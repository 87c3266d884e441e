/** A logger for the tests' own clients: their errors show in the assertions. */
export const quiet = { debug() {}, info() {}, warn() {}, error() {} };

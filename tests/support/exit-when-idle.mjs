/**
 * Exits as soon as the event loop is empty. Otherwise Node waits for the requests of connections that were cut, and was seen
 * to spin without limit in that wait (Environment::CleanupHandles). A handle that a test forgot still keeps the process up.
 */
export default function exitWhenIdle() {
  // Without a code: jest sets its own on 'exit'.
  process.once('beforeExit', () => process.exit());
}

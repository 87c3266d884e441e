/** Node's test environment, which also tells whoever listens in a test file that a test or hook of it has failed. */
import { TestEnvironment } from 'jest-environment-node';

const failures = new Set(['test_fn_failure', 'hook_failure']);

export default class FailureEnvironment extends TestEnvironment {
  handleTestEvent(event) {
    if (failures.has(event.name)) this.global.onTestFailure?.();
  }
}

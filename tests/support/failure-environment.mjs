/** Node's test environment, which also tells whoever listens in a test file that a test or hook of it has failed. */
import { TestEnvironment } from 'jest-environment-node';
import endAtOnce from './end-at-once.mjs';

// For the workers, which hear of no global teardown.
endAtOnce();

const failures = new Set(['test_fn_failure', 'hook_failure']);

export default class FailureEnvironment extends TestEnvironment {
  handleTestEvent(event) {
    if (failures.has(event.name)) this.global.onTestFailure?.();
  }
}

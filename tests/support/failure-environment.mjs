/** Node's test environment, which also calls `onTestFailure` of a test file when a test or hook of it has failed. */
import { TestEnvironment } from 'jest-environment-node';
import exitWhenIdle from './exit-when-idle.mjs';

// For the workers, which run no global teardown.
exitWhenIdle();

const failures = new Set(['test_fn_failure', 'hook_failure']);

export default class FailureEnvironment extends TestEnvironment {
  handleTestEvent(event) {
    if (failures.has(event.name)) this.global.onTestFailure?.();
  }
}

/** Runs the files of tests/faults first: they take the longest, and a long file that starts last runs alone at the end. */
import Sequencer from '@jest/test-sequencer';

// By the last duration, or, in a new checkout, by the size of the file.
const { sort: byDuration } = Sequencer.prototype;
const isLong = ({ path }) => path.includes('/tests/faults/');

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = byDuration.call(this, tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}

/** Ends what start-engines.mjs has started. Killed: their data goes with them. */
import exitWhenIdle from './exit-when-idle.mjs';
import { stopping } from './start-engines.mjs';

export default async function stopEngines() {
  for (const stop of stopping.splice(0).toReversed()) await stop();
  exitWhenIdle();
}

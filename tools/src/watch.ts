/** `npm run watch`: follows one order, step by step, to a final state. */
import { runTool } from './command-line.ts';
import { watch } from './watch/tool.ts';

await runTool(watch);

/** `npm run load`: orders at a steady rate, what became of them, and whether the books balance afterwards. */
import { runTool } from './command-line.ts';
import { load } from './load/tool.ts';

await runTool(load);

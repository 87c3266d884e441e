/** `npm run order`: explains the state of one order. */
import { runTool } from './command-line.ts';
import { order } from './order/tool.ts';

await runTool(order);

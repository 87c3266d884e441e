/** `npm run order`: where one order stands, and why. */
import { runTool } from './command-line.ts';
import { order } from './order/tool.ts';

await runTool(order);

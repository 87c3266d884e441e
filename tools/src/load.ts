/** `npm run load`: places orders at a steady rate, reports what became of them, and audits the pipeline. */
import { runTool } from './command-line.ts';
import { load } from './load/tool.ts';

await runTool(load);

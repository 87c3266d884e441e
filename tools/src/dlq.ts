/** `npm run dlq`: what could not be worked off; list, show, redrive, discard. */
import { runTool } from './command-line.ts';
import { dlq } from './dlq/tool.ts';

await runTool(dlq);

/** `npm run dlq`: lists, shows, redrives and discards dead letters. */
import { runTool } from './command-line.ts';
import { dlq } from './dlq/tool.ts';

await runTool(dlq);

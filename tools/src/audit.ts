/** `npm run audit`: whether anything was lost or doubled. */
import { auditTool } from './audit/tool.ts';
import { runTool } from './command-line.ts';

await runTool(auditTool);

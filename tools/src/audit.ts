/** `npm run audit`: checks that nothing is lost and nothing is duplicated. */
import { auditTool } from './audit/tool.ts';
import { runTool } from './command-line.ts';

await runTool(auditTool);

/** A tool as a terminal runs it, within this process: the same arguments, environment, lines and exit code. */
import type { Tool } from '../../tools/src/command-line.ts';
import type { TestPipeline } from '../support/pipeline.ts';

export interface ToolRun {
  readonly code: number;
  /** The lines on standard output. */
  readonly out: readonly string[];
  /** The lines on standard error; that of a failure is last. */
  readonly err: readonly string[];
  /** Standard output, read as JSON. */
  json(): any;
}

export async function runTool(on: TestPipeline, tool: Tool, ...args: string[]): Promise<ToolRun> {
  const out: string[] = [];
  const err: string[] = [];
  let code: number;
  try {
    code = await tool(args, {
      env: { KAFKA_BOOTSTRAP_SERVERS: on.pipeline.bootstrapServers, MONGODB_URI: on.pipeline.mongoUri },
      print: (line) => void out.push(line),
      note: (line) => void err.push(line),
      signal: new AbortController().signal,
    });
  } catch (error) {
    if (!['ToolError', 'TopicReadError'].includes((error as Error).name)) throw error;
    err.push((error as Error).message);
    code = 2;
  }
  return { code, out, err, json: () => JSON.parse(out.join('\n')) };
}

/** Runs a tool in this process as a terminal does: the same arguments, environment, output and exit code. */
import { isOutage } from '@order-pipeline/resilience';
import { isToolError, type Tool } from '../../tools/src/command-line.ts';
import type { TestPipeline } from '../support/pipeline.ts';

export interface ToolRun {
  readonly code: number;
  /** Lines on standard output. */
  readonly out: readonly string[];
  /** Lines on standard error, an error message last. */
  readonly err: readonly string[];
  /** Standard output, parsed as JSON. */
  json(): any;
}

export const runTool = (on: TestPipeline, tool: Tool, ...args: string[]): Promise<ToolRun> =>
  startTool(on, tool, new AbortController().signal, ...args).ended;

export interface StartedTool extends Pick<ToolRun, 'out' | 'err'> {
  readonly ended: Promise<ToolRun>;
}

/** For a tool that runs until it is stopped by the signal. */
export function startTool(on: TestPipeline, tool: Tool, signal: AbortSignal, ...args: string[]): StartedTool {
  const out: string[] = [];
  const err: string[] = [];
  return { out, err, ended: runToEnd(on, tool, { args, signal, out, err }) };
}

interface Run {
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly out: string[];
  readonly err: string[];
}

async function runToEnd(on: TestPipeline, tool: Tool, { args, signal, out, err }: Run): Promise<ToolRun> {
  let code: number;
  try {
    code = await tool(args, {
      env: { KAFKA_BOOTSTRAP_SERVERS: on.pipeline.bootstrapServers, MONGODB_URI: on.pipeline.mongoUri },
      print: (line) => void out.push(line),
      note: (line) => void err.push(line),
      signal,
    });
  } catch (error) {
    if (!isToolError(error) && !isOutage(error)) throw error;
    err.push((error as Error).message);
    code = 2;
  }
  return { code, out, err, json: () => JSON.parse(out.join('\n')) };
}

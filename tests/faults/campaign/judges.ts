/** The tools that a user would run, as a user would run them: the dead-letter queue's and the auditor's. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type Engines = Readonly<Record<'KAFKA_BOOTSTRAP_SERVERS' | 'MONGODB_URI', string>>;

interface Listed {
  readonly id: string;
  readonly key: string | null;
}

/** Discards the poison that the campaign wrote; any other dead letter is a finding. */
export async function discardPoison(engines: Engines): Promise<string[]> {
  const { stdout } = await tool(engines, 'dlq.ts', ['list', '--json', '--limit', '10000']);
  const letters = JSON.parse(stdout) as Listed[];
  const poison = letters.filter(({ key }) => key?.startsWith('poison-'));
  if (poison.length > 0) await tool(engines, 'dlq.ts', ['discard', ...poison.map(({ id }) => id)]);
  return letters
    .filter((letter) => !poison.includes(letter))
    .map((letter) => `a good message was dead-lettered: ${JSON.stringify(letter)}`);
}

export async function audit(engines: Engines): Promise<string[]> {
  const { code, stdout, stderr } = await tool(engines, 'audit.ts', ['--json', '--younger-than', '0s']);
  if (code === 0) return [];
  return [`the auditor found (exit code ${code}): ${stdout || stderr}`];
}

/** An audit of tens of thousands of orders, on a machine that does other things as well. */
const toolLimitMs = 900_000;

function tool(
  engines: Engines,
  script: string,
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const path = fileURLToPath(new URL(`../../../tools/src/${script}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { env: { ...process.env, ...engines }, timeout: toolLimitMs });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => (stderr += String(text)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

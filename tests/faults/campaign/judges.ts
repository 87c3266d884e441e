/** The dead-letter tool and the auditor, run as a user runs them. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { badRecordKey } from './fault-kinds.ts';

export type Engines = Readonly<Record<'KAFKA_BOOTSTRAP_SERVERS' | 'MONGODB_URI', string>>;

interface Listed {
  readonly id: string;
  readonly key: string | null;
}

/** Discards the bad records that the campaign wrote; any other dead letter is a violation. */
export async function discardBadRecords(engines: Engines): Promise<string[]> {
  const { stdout } = await tool(engines, 'dlq.ts', ['list', '--json', '--limit', '10000']);
  const deadLetters = JSON.parse(stdout) as Listed[];
  const [bad, good] = [true, false].map((isBad) =>
    deadLetters.filter(({ key }) => (key?.startsWith(badRecordKey) ?? false) === isBad),
  ) as [Listed[], Listed[]];
  if (bad.length > 0) await tool(engines, 'dlq.ts', ['discard', ...bad.map(({ id }) => id)]);
  return good.map((each) => `a good record was dead-lettered: ${JSON.stringify(each)}`);
}

export async function audit(engines: Engines): Promise<string[]> {
  const { code, stdout, stderr } = await tool(engines, 'audit.ts', ['--json', '--younger-than', '0s']);
  if (code === 0) return [];
  return [`the auditor found (exit code ${code}): ${stdout || stderr}`];
}

/** For an audit of tens of thousands of orders on a busy machine. */
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

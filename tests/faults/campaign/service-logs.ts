/** What the services' logs show of a campaign, including replicas that are down or were removed. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

interface Line {
  readonly time: string;
  readonly msg: string;
}

const linesOf = (file: string): Line[] => readFileSync(file, 'utf8').split('\n').flatMap(lineOf);

/** None where a process was killed while it wrote, or Node printed a line of its own. */
function lineOf(text: string): Line[] {
  try {
    return [JSON.parse(text) as Line];
  } catch {
    return [];
  }
}

/** The number of times that the service's replicas logged the message. */
export const countLogged = (logDir: string, service: string, message: string): number =>
  readdirSync(logDir)
    .filter((file) => file.startsWith(`${service}-`))
    .flatMap((file) => linesOf(join(logDir, file)))
    .filter(({ msg }) => msg === message).length;

/** How far the replica's clock was ahead when it wrote its last line; the file's modification time is by our clock. */
export function observedLeadMs(logDir: string, replica: string): number {
  const file = join(logDir, `${replica}.log`);
  const { mtimeMs } = statSync(file);
  return Date.parse(linesOf(file).at(-1)?.time ?? '') - mtimeMs;
}

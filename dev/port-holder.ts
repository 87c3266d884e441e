import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The process that listens on this port, such as "node (pid 4711)"; undefined where it cannot be found. */
export function portHolder(port: number): string | undefined {
  const pid = process.platform === 'linux' ? listenerFromProc(port) : listenerFromLsof(port);
  return pid === undefined ? undefined : `${commandOf(pid)} (pid ${pid})`;
}

const listening = '0A';

function listenerFromProc(port: number): string | undefined {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readOr(table, '').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/); // sl, local address, remote address, state, …, inode
      if (fields[1]?.endsWith(`:${hexPort}`) && fields[3] === listening) inodes.add(`socket:[${fields[9]}]`);
    }
  }
  return readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && socketsOf(pid).some((socket) => inodes.has(socket)));
}

/** Empty for the processes of other users, whose files are not readable. */
function socketsOf(pid: string): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).flatMap((fd) => {
      try {
        return [readlinkSync(`${folder}/${fd}`)];
      } catch {
        return []; // closed in the meantime
      }
    });
  } catch {
    return [];
  }
}

function listenerFromLsof(port: number): string | undefined {
  try {
    const output = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'], { encoding: 'utf8' });
    return output.trim().split('\n')[0] || undefined;
  } catch {
    return undefined;
  }
}

const maxCommand = 120;

function commandOf(pid: string): string {
  if (process.platform === 'linux') {
    const line = readOr(`/proc/${pid}/cmdline`, '').replaceAll('\0', ' ').trim();
    return (line || readOr(`/proc/${pid}/comm`, 'a process').trim()).slice(0, maxCommand);
  }
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', pid], { encoding: 'utf8' }).trim().slice(0, maxCommand);
  } catch {
    return 'a process';
  }
}

function readOr(file: string, fallback: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return fallback;
  }
}

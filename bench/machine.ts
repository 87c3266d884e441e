/** Describes the machine and the versions that the figures belong to. */
import { execFileSync } from 'node:child_process';
import { arch, cpus, totalmem, type } from 'node:os';
import { MongoClient } from 'mongodb';
import type { Bench } from './bench-services.ts';
import { kafkaVersion } from '../dev/engines/kafka-files.ts';

export async function describeMachine({ mongo }: Bench): Promise<string[]> {
  const client = await MongoClient.connect(mongo.uri);
  const { version } = await client.db('admin').command({ buildInfo: 1 });
  await client.close();
  return [
    `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${arch()}`,
    `Node ${process.versions.node}, Kafka ${kafkaVersion}, MongoDB ${version}`,
    `${new Date().toISOString().slice(0, 10)}, commit ${commit()}`,
  ];
}

function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'packages', 'services', 'bench').length > 0;
    return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
}

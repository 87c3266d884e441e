/** Kafka as Strimzi sets it up: clients need TLS and SCRAM, and may do only what an ACL allows. */
import { execFile } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import kafkajs, { type AclEntry, type Kafka } from 'kafkajs';
import { createKafka } from '@order-pipeline/kafka';
import { quietLogger } from '@order-pipeline/resilience';
import { newClusterId } from '../../dev/engines/kafka-config.ts';
import { kafkaFiles } from '../../dev/engines/kafka-files.ts';
import { kafkaReady } from '../../dev/engines/kafka-ready.ts';
import { createNode, lastLines, type EngineNode } from '../../dev/engines/node.ts';
import { launch, stages } from '../../dev/managed-process.ts';
import { freePort } from '../../dev/ports.ts';
import type { Authority } from './authority.ts';
import { setScramPasswords } from './scram-passwords.ts';

// kafkajs is CommonJS, of which Node finds only some named exports.
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/** A rule as a KafkaUser has it. */
export interface Acl {
  readonly resource: { readonly type: string; readonly name?: string; readonly patternType?: string };
  readonly operations: readonly string[];
}

export interface SecuredKafka extends EngineNode {
  /** TLS and SCRAM. */
  readonly bootstrapServers: string;
  /** A client that may do everything, on a listener of its own. */
  readonly superUser: Kafka;
  setPasswords(passwords: Readonly<Record<string, string>>): Promise<void>;
  grant(user: string, acls: readonly Acl[]): Promise<void>;
}

const stopLimitMs = 20_000;

export async function startSecuredKafka(dir: string, authority: Authority): Promise<SecuredKafka> {
  const files = await kafkaFiles();
  const [clients, internal, controller] = [await freePort(), await freePort(), await freePort()];
  const clusterId = newClusterId();
  mkdirSync(dir, { recursive: true });
  const { key, certificate } = authority.issue('kafka');
  writeFileSync(join(dir, 'server.pem'), key + certificate, { mode: 0o600 });
  const config = join(dir, 'server.properties');
  writeFileSync(config, properties({ dir, clients, internal, controller }));
  const log = join(dir, 'console.log');
  const java = [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    ...files.archiveFlags,
    '-cp',
    files.classPath,
  ];
  const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', config];
  await promisify(execFile)(files.java, [...java, ...format]);
  const node = createNode({
    async launch() {
      const output = openSync(log, 'a');
      try {
        return await launch({
          command: files.java,
          args: [...java, 'kafka.Kafka', config],
          output,
          stage: stages.engine,
        });
      } finally {
        closeSync(output);
      }
    },
    ready: (process) =>
      kafkaReady({ clusterId, cluster: [{ broker: internal, controller }] }, [1], () =>
        process.exit ? `it ended:\n${lastLines(log)}` : undefined,
      ),
    stopLimitMs,
  });
  await node.start();
  const superUser = createKafka({ brokers: [`127.0.0.1:${internal}`], clientId: 'super-user' }, quietLogger);
  return Object.assign(node, {
    bootstrapServers: `127.0.0.1:${clients}`,
    superUser,
    setPasswords: (passwords: Readonly<Record<string, string>>) => setScramPasswords(internal, passwords),
    async grant(user: string, acls: readonly Acl[]) {
      const admin = superUser.admin();
      await admin.connect();
      await admin.createAcls({ acl: acls.flatMap((acl) => entriesOf(user, acl)) });
      await admin.disconnect();
    },
  });
}

export const entriesOf = (user: string, { resource, operations }: Acl): AclEntry[] =>
  operations.map((operation) => ({
    principal: `User:${user}`,
    host: '*',
    permissionType: AclPermissionTypes.ALLOW,
    operation: constant(AclOperationTypes, operation),
    resourceType: constant(AclResourceTypes, resource.type),
    resourceName: resource.name ?? 'kafka-cluster',
    resourcePatternType:
      resource.patternType === 'prefix' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
  }));

/** DescribeConfigs → DESCRIBE_CONFIGS, as kafkajs spells them. */
const constant = (constants: object, name: string): number =>
  (constants as Record<string, number>)[name.replaceAll(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase()]!;

function properties(at: { dir: string; clients: number; internal: number; controller: number }): string {
  const lines: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${at.controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INTERNAL',
    listeners: `CLIENTS://127.0.0.1:${at.clients},INTERNAL://127.0.0.1:${at.internal},CONTROLLER://127.0.0.1:${at.controller}`,
    'listener.security.protocol.map': 'CLIENTS:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.clients.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.clients.scram-sha-512.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'listener.name.clients.ssl.keystore.type': 'PEM',
    'listener.name.clients.ssl.keystore.location': join(at.dir, 'server.pem'),
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    'allow.everyone.if.no.acl.found': false,
    'log.dirs': join(at.dir, 'data'),
    'auto.create.topics.enable': false,
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

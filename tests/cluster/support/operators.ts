/** Reconciles the custom resources of Kafka and MongoDB once, as Strimzi and MongoDB's operator would. */
import { randomBytes } from 'node:crypto';
import { ensureTopics } from '@order-pipeline/kafka';
import { setScramPasswords } from '../../support/scram-passwords.ts';
import { entriesOf, type Acl } from '../../support/secured-kafka.ts';
import type { Role } from '../../support/secured-mongo.ts';
import { adminPort, asKafkaAdmin, asMongoAdmin } from './clients.ts';
import { mongoHost } from './engines.ts';
import { get, namespace } from './kubectl.ts';
import { applyAll, readSecret, secret } from './secrets.ts';

interface KafkaUser {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly authorization: { readonly acls: readonly Acl[] } };
}
interface KafkaTopic {
  readonly spec: { readonly topicName: string; readonly partitions: number; readonly config: Record<string, string> };
}

/** Reconciles KafkaUsers and KafkaTopics, as Strimzi would. */
export async function reconcileKafka(): Promise<void> {
  const users = (await get<{ items: KafkaUser[] }>('kafkausers')).items;
  const topics = (await get<{ items: KafkaTopic[] }>('kafkatopics')).items;
  const passwords: Record<string, string> = {};
  for (const { metadata } of users) {
    passwords[metadata.name] = (await readSecret(metadata.name))?.['password'] ?? randomBytes(16).toString('hex');
  }
  await asKafkaAdmin(async (admin, kafka) => {
    await setScramPasswords(adminPort, passwords);
    await admin.createAcls({
      acl: users.flatMap(({ metadata, spec }) =>
        spec.authorization.acls.flatMap((acl) => entriesOf(metadata.name, acl)),
      ),
    });
    await ensureTopics(kafka, {
      topics: topics.map(({ spec: { topicName: name, partitions, config } }) => ({ name, partitions, config })),
    });
  });
  await applyAll(Object.entries(passwords).map(([name, password]) => kafkaUserSecret(name, password)));
}

function kafkaUserSecret(name: string, password: string): object {
  const login = `username="${name}" password="${password}"`;
  return secret(name, {
    password,
    'sasl.jaas.config': `org.apache.kafka.common.security.scram.ScramLoginModule required ${login};`,
  });
}

/** Sets a new password, in Kafka first, as Strimzi does when the user's Secret is deleted. */
export async function rotateKafkaPassword(user: string): Promise<void> {
  const password = randomBytes(16).toString('hex');
  await asKafkaAdmin(() => setScramPasswords(adminPort, { [user]: password }));
  await applyAll([kafkaUserSecret(user, password)]);
}

interface MongoUser {
  readonly name: string;
  readonly passwordSecretRef: { readonly name: string };
  readonly connectionStringSecretName: string;
  readonly roles: readonly Role[];
}

/** Reconciles the users of the MongoDBCommunity resource with the passwords in their Secrets, as MongoDB's operator would. */
export async function reconcileMongo(): Promise<void> {
  const { spec } = await get('mongodbcommunity', 'pipeline-mongodb');
  const custom = (spec.security.roles ?? []) as { role: string; privileges: object[]; roles: object[] }[];
  const users = spec.users as MongoUser[];
  const connections: object[] = [];
  await asMongoAdmin(async (client) => {
    const admin = client.db('admin');
    for (const { role, privileges, roles } of custom) {
      const { roles: found } = await admin.command({ rolesInfo: role });
      await admin.command({ [found.length > 0 ? 'updateRole' : 'createRole']: role, privileges, roles });
    }
    for (const { name, passwordSecretRef, connectionStringSecretName, roles } of users) {
      const password = (await readSecret(passwordSecretRef.name))!['password']!;
      const { users: found } = await admin.command({ usersInfo: name });
      const granted = roles.map((role) => ({ role: role.name, db: role.db }));
      await admin.command({ [found.length > 0 ? 'updateUser' : 'createUser']: name, pwd: password, roles: granted });
      const options = 'admin?replicaSet=pipeline-mongodb&ssl=true';
      connections.push(
        secret(connectionStringSecretName, {
          'connectionString.standard': `mongodb://${name}:${password}@${mongoHost}:27017/${options}`,
          'connectionString.standardSrv': `mongodb+srv://${name}:${password}@pipeline-mongodb-svc.${namespace}.svc.cluster.local/${options}`,
          username: name,
          password,
        }),
      );
    }
  });
  await applyAll(connections);
}

export async function rotateMongoPassword(user: string): Promise<void> {
  await applyAll([secret(`${user}-mongodb-password`, { password: randomBytes(16).toString('hex') })]);
  await reconcileMongo();
}

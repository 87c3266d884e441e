/** Clients of Kafka and MongoDB in the cluster, from outside and as a given user. */
import { connect } from 'node:tls';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { createKafka } from '@order-pipeline/kafka';
import { quietLogger } from '@order-pipeline/resilience';
import { namespace, portForward } from './kubectl.ts';
import { readSecret } from './secrets.ts';

/** The advertised port of the broker's administrative listener, on the client's own machine. */
export const adminPort = 9094;

/** A port-forward opens each connection through the API server and the kubelet. */
const connectLimitMs = 20_000;

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Works with a client of MongoDB that has the user's rights; without a login, those of an anonymous user. */
export async function asMongoUser<T>(login: Login | undefined, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const certificates = (await readSecret('pipeline-mongodb-certificate'))!;
  await using forward = await portForward('pod/pipeline-mongodb-0', 27017);
  const who = login === undefined ? '' : `${login.user}:${encodeURIComponent(login.password)}@`;
  const client = new MongoClient(`mongodb://${who}localhost:${forward.port}/?directConnection=true&tls=true`, {
    ca: certificates['ca.crt'],
    serverSelectionTimeoutMS: 5_000,
  } as object);
  try {
    return await work(await client.connect());
  } finally {
    await client.close();
  }
}

/** Works with a client of MongoDB that has all rights. */
export async function asMongoAdmin<T>(work: (client: MongoClient) => Promise<T>): Promise<T> {
  const { password } = (await readSecret('pipeline-mongodb-certificate'))!;
  return asMongoUser({ user: 'admin', password: password! }, work);
}

/** Works with a client of Kafka that has all rights. */
export async function asKafkaAdmin<T>(work: (admin: Admin, kafka: Kafka) => Promise<T>): Promise<T> {
  await using forward = await portForward('pod/pipeline-kafka-0', adminPort, adminPort);
  const kafka = createKafka({ brokers: [`127.0.0.1:${forward.port}`], clientId: 'operator' }, quietLogger);
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin, kafka);
  } finally {
    await admin.disconnect();
  }
}

/**
 * Works with a client that uses TLS and SCRAM, as the services do, through a port-forward. A test that expects a rejected
 * login sets no retries: Kafka closes the connection and kubectl the forward, and a retry would report only that.
 */
export async function asKafkaUser<T>(
  { user, password }: Login,
  work: (kafka: Kafka) => Promise<T>,
  retries = 5,
): Promise<T> {
  const ca = (await readSecret('pipeline-cluster-ca-cert'))!['ca.crt'];
  await using forward = await portForward('pod/pipeline-kafka-0', 9093);
  const kafka = new kafkajs.Kafka({
    brokers: [`pipeline-kafka-bootstrap.${namespace}.svc.cluster.local:9093`],
    clientId: user,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries },
    connectionTimeout: connectLimitMs,
    authenticationTimeout: connectLimitMs,
    ssl: true,
    sasl: { mechanism: 'scram-sha-512', username: user, password },
    socketFactory: ({ host, onConnect }) =>
      connect({ host: '127.0.0.1', port: forward.port, servername: host, ca }, onConnect),
  });
  // Awaited here: the forward is closed at the end of this function.
  return await work(kafka);
}

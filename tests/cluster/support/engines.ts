/**
 * Starts Kafka and MongoDB in the cluster as their operators would, with certificates and a first user. operators.ts does
 * what the operators do afterwards.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../../../dev/wait-for.ts';
import { repository } from '../../manifests/render.ts';
import { createAuthority } from '../../support/authority.ts';
import { asMongoAdmin, asMongoUser } from './clients.ts';
import { engineImages } from './images.ts';
import { apply, kubectl, namespace } from './kubectl.ts';
import { applyAll, readSecret, secret } from './secrets.ts';

const limitMs = 180_000;
export const mongoHost = `pipeline-mongodb-0.pipeline-mongodb-svc.${namespace}.svc.cluster.local`;

/** Starts what does not exist yet, and waits until both are ready. */
export async function startEngines(): Promise<void> {
  if ((await readSecret('pipeline-mongodb-certificate')) === undefined) await applyAll(certificates());
  const manifest = readFileSync(join(repository, 'tests/cluster/manifests/engines.yaml'), 'utf8');
  await apply(
    manifest.replaceAll('@KAFKA_IMAGE@', engineImages.kafka).replaceAll('@MONGOD_IMAGE@', engineImages.mongod),
  );
  for (const name of ['pipeline-kafka', 'pipeline-mongodb'])
    await kubectl('rollout', 'status', `statefulset/${name}`, '--timeout=300s');
  await initiateMongo();
}

function certificates(): object[] {
  const dir = mkdtempSync(join(tmpdir(), 'cluster-authority-'));
  try {
    const authority = createAuthority(dir);
    const kafkaName = 'pipeline-kafka-bootstrap';
    const names = [kafkaName, `${kafkaName}.${namespace}.svc.cluster.local`].map((name) => `DNS:${name}`);
    const kafka = authority.issue('kafka', names);
    const mongodb = authority.issue('mongodb', [
      `DNS:*.pipeline-mongodb-svc.${namespace}.svc.cluster.local`,
      'DNS:localhost',
    ]);
    return [
      secret('pipeline-cluster-ca-cert', { 'ca.crt': authority.certificate }),
      secret('pipeline-kafka-certificate', { 'server.pem': kafka.key + kafka.certificate }),
      secret('pipeline-mongodb-ca', { 'ca.crt': authority.certificate, 'tls.crt': authority.certificate }),
      secret('pipeline-mongodb-certificate', {
        'server.pem': mongodb.key + mongodb.certificate,
        'ca.crt': authority.certificate,
        keyfile: randomBytes(48).toString('base64'),
        password: randomBytes(18).toString('hex'),
      }),
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function initiateMongo(): Promise<void> {
  const { password } = (await readSecret('pipeline-mongodb-certificate'))!;
  const done = await asMongoAdmin((client) => client.db('admin').command({ ping: 1 })).catch(() => undefined);
  if (done) return;
  // MongoDB permits this from localhost, as through a port-forward, as long as it has no users.
  await asMongoUser(undefined, async (client) => {
    const admin = client.db('admin');
    const members = [{ _id: 0, host: `${mongoHost}:27017` }];
    await admin.command({ replSetInitiate: { _id: 'pipeline-mongodb', members } });
    await waitFor(() => admin.command({ createUser: 'admin', pwd: password, roles: ['root'] }), {
      what: 'the first user of MongoDB',
      timeoutMs: limitMs,
      pollMs: 500,
    });
  });
}

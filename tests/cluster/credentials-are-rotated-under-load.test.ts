import { describe, expect, test } from '@jest/globals';
import { services, type ServiceEntry } from '@order-pipeline/events';
import { waitFor } from '../../dev/wait-for.ts';
import { getJson } from '../support/http.ts';
import { auditClean } from './support/audit.ts';
import { asKafkaUser, asMongoUser } from './support/clients.ts';
import { portForward } from './support/kubectl.ts';
import { startLoad } from './support/load.ts';
import { rotateKafkaPassword, rotateMongoPassword } from './support/operators.ts';
import { readSecret } from './support/secrets.ts';
import { readyPods } from './support/set-up.ts';

const limitMs = 600_000;
const entries: readonly ServiceEntry[] = Object.values(services);

/** The kubelet updates a mounted Secret within about a minute; then the service is ready with the new password. */
async function untilReady({ name, port }: ServiceEntry): Promise<void> {
  await using forward = await portForward(`service/${name}`, port);
  await waitFor(
    async () => {
      const { body } = await getJson(`http://127.0.0.1:${forward.port}/readyz`);
      if (body.status === 'ready') return true;
      throw new Error(JSON.stringify(body));
    },
    { what: `${name} with its new credentials`, timeoutMs: 180_000, pollMs: 1_000 },
  );
}

describe('a rotation of the passwords of every service under load', () => {
  test(
    'needs no restart, invalidates the old passwords, and loses no order',
    async () => {
      const pods = new Map(await Promise.all(entries.map(async ({ name }) => [name, await readyPods(name)] as const)));
      await using load = await startLoad('load-rotation', 10);
      const old = new Map<string, string>();
      for (const { name, consumerGroup } of entries) {
        old.set(consumerGroup, (await readSecret(consumerGroup))!['password']!);
        old.set(name, (await readSecret(`${name}-mongodb`))!['password']!);
        await rotateKafkaPassword(consumerGroup);
        await rotateMongoPassword(name);
      }
      for (const entry of entries) await untilReady(entry);
      expect((await load.finish()).acceptedAfterwards).toBeGreaterThan(0);
      for (const entry of entries) {
        expect(await readyPods(entry.name)).toEqual(pods.get(entry.name));
        const { name, consumerGroup } = entry;
        const kafkaLogin = { user: consumerGroup, password: old.get(consumerGroup)! };
        const login = asKafkaUser(kafkaLogin, async (kafka) => kafka.admin().connect(), 0);
        await expect(login).rejects.toThrow(/SASL/u);
        const mongoLogin = { user: name, password: old.get(name)! };
        await expect(asMongoUser(mongoLogin, async () => 'logged in')).rejects.toThrow(/Authentication failed/u);
      }
      await auditClean();
    },
    limitMs,
  );
});

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

/** The kubelet brings a changed Secret into a pod within about a minute; then every part of the service is well again. */
async function untilWell({ name, port }: ServiceEntry): Promise<void> {
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

describe('new passwords for every service, under load', () => {
  test(
    'are taken over without a restart, the old ones are refused, and nothing is lost',
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
      for (const entry of entries) await untilWell(entry);
      expect((await load.finish()).acceptedAfterwards).toBeGreaterThan(0);
      for (const entry of entries) {
        expect(await readyPods(entry.name)).toEqual(pods.get(entry.name));
        const { name, consumerGroup } = entry;
        const kafkaLogin = { user: consumerGroup, password: old.get(consumerGroup)! };
        const comeIn = asKafkaUser(kafkaLogin, async (kafka) => kafka.admin().connect(), 0);
        await expect(comeIn).rejects.toThrow(/SASL/u);
        const mongoLogin = { user: name, password: old.get(name)! };
        await expect(asMongoUser(mongoLogin, async () => 'let in')).rejects.toThrow(/Authentication failed/u);
      }
      await auditClean();
    },
    limitMs,
  );
});

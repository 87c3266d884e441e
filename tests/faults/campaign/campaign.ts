/**
 * A fault campaign: its own pipeline behind proxies, customers, and faults, all from one seed; then, once the pipeline is
 * drained, two independent judges: the checker (what the customers received) and the auditor (what the databases and topics
 * hold).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createKafka } from '@order-pipeline/kafka';
import { quietLogger } from '@order-pipeline/resilience';
import { eventTypes } from '@order-pipeline/events';
import { startKafka } from '../../../dev/engines/kafka.ts';
import { startMongo } from '../../../dev/engines/mongo.ts';
import { startPipeline, type Pipeline } from '../../../dev/pipeline.ts';
import { freePort } from '../../../dev/ports.ts';
import { readTopic } from '../../support/kafka-reader.ts';
import { audit, discardBadRecords } from './judges.ts';
import { check } from './checker.ts';
import { catalogue, startCustomers } from './customers.ts';
import { faultNames } from './fault-kinds.ts';
import { createHistory } from './history.ts';
import { startInjector } from './injector.ts';
import { createRandom } from './random.ts';
import { untilDrained } from './backlog.ts';
import { countLogged } from './service-logs.ts';
import { longestStall, readFinalState } from './final-state.ts';
import { asSetting, countSkewed, drawClockSkews, largestLeadMs } from './clock-skews.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';

/** What a repetition of the campaign needs. */
export interface Repeatable {
  readonly seed: number;
  readonly seconds: number;
  readonly ordersPerSecond: number;
}

export interface CampaignOptions extends Repeatable {
  /** Holds the data, the services' logs and history.jsonl. */
  readonly dir: string;
  readonly say: (line: string) => void;
}

export interface CampaignResult extends Repeatable {
  readonly requests: number;
  readonly ordersByState: Readonly<Record<string, number>>;
  readonly answersByStatus: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  /** Records of a fact that an earlier record holds already. */
  readonly redeliveries: number;
  readonly longestStallMs: number;
  readonly violations: readonly string[];
}

const sessionTimeoutMs = 6_000;
/** A pipeline may take as long to drain as the faults lasted, and at least this long. */
const minDrainLimitMs = 300_000;
const preloaded = ['./clock-skew.mjs', './seeded-chance.mjs', './gateway-faults.mjs'].map(
  (file) => new URL(file, import.meta.url).href,
);
/** The messages of the simulated gateway. */
const gatewayFaults = ['the gateway failed', 'the gateway did not answer in time'];
const clockFault = 'wrong clock';
/** Every campaign has each of these, whatever its seed. */
export const everyFault: readonly string[] = [...faultNames, ...gatewayFaults, clockFault];

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { seed, seconds, ordersPerSecond, dir, say } = options;
  mkdirSync(dir, { recursive: true });
  const random = createRandom(seed);
  const clocks = drawClockSkews(random.fork('clocks'), seconds);
  const [kafkaInner, kafkaOuter, mongoOuter] = [await freePort(), await freePort(), await freePort()];
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const [kafka, mongo] = await Promise.all([
      startKafka({ dataDir: join(dir, 'kafka'), extraListener: { port: kafkaInner, advertisedPort: kafkaOuter } }),
      startMongo({ dataDir: join(dir, 'mongo') }),
    ]);
    closing.push(() => Promise.all([kafka.stop(), mongo.stop()]));
    const proxies = {
      kafka: await startTcpProxy(kafkaOuter, kafkaInner),
      mongo: await startTcpProxy(mongoOuter, mongo.ports[0]!),
    };
    closing.push(() => Promise.all([proxies.kafka.stop(), proxies.mongo.stop()]));
    const pipeline = await startPipeline({
      dataDir: dir,
      kafka: `127.0.0.1:${kafkaOuter}`,
      mongo: `mongodb://127.0.0.1:${mongoOuter}/?directConnection=true`,
      replicas: { order: 2, payment: 2, inventory: 3, shipment: 2 },
      restart: true,
      env: {
        KAFKA_SESSION_TIMEOUT_MS: String(sessionTimeoutMs),
        PAYMENT_GATEWAY_LOST_ANSWER_RATE: '0.02',
        PAYMENT_GATEWAY_FAILURE_RATE: '0.02',
        SHIPMENT_PROCESSING_MS: '300',
        NODE_OPTIONS: preloaded.map((file) => `--import ${file}`).join(' '),
        CHANCE_SEED: String(seed),
        CLOCK_SKEWS: asSetting(clocks),
      },
    });
    closing.push(() => pipeline.stop());
    await stock(pipeline);

    const kafkaClient = createKafka({ brokers: kafka.bootstrapServers.split(','), clientId: 'campaign' }, quietLogger);
    const history = createHistory(join(dir, 'history.jsonl'));
    closing.push(() => history.close());
    const customers = startCustomers({
      random: random.fork('customers'),
      history,
      orderUrls: () => pipeline.services.order.map(({ url }) => url),
      ordersPerSecond,
    });
    const injector = startInjector({
      pipeline,
      kafka,
      mongo,
      proxies,
      kafkaClient,
      sessionTimeoutMs,
      random: random.fork('faults'),
      history,
      say,
    });
    await pause(seconds * 1_000);
    const unhealed = await injector.stop();
    await customers.stop();
    say(`${customers.placed()} orders requested; waiting until the pipeline is drained`);
    const pending = await untilDrained(mongo.uri, kafkaClient, say, Math.max(minDrainLimitMs, seconds * 1_000));
    const isDrained = pending.length === 0;
    // A fast clock's time stamps lie in the future for so long, and the auditor skips what is younger than now.
    if (isDrained) await pause(largestLeadMs(clocks));

    const engines = { KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers, MONGODB_URI: mongo.uri };
    const unexpected = await discardBadRecords(engines);
    const final = await readFinalState(pipeline.services.order[0]!.url, pipeline.services.inventory[0]!.url);
    const violations = [
      ...unhealed,
      ...unexpected,
      // The judges would report pending orders as lost.
      ...(isDrained
        ? [...check(history.entries, final), ...(await audit(engines))]
        : [...pending, 'the pipeline did not drain, so neither the checker nor the auditor ran']),
    ];
    const records = (await Promise.all(eventTypes.map((topic) => readTopic(kafkaClient, topic)))).flat();
    const logDir = join(dir, 'logs');
    const ids = records.flatMap(({ message }) => message.headers?.['ce_id']?.toString() ?? []);
    return {
      seed,
      seconds,
      ordersPerSecond,
      requests: customers.placed(),
      ordersByState: count(final.orders.map(({ state }) => state)),
      answersByStatus: count(
        history.entries.flatMap((entry) => (entry.kind === 'placed' ? [String(entry.status)] : [])),
      ),
      faults: {
        ...injector.counts(),
        ...Object.fromEntries(gatewayFaults.map((fault) => [fault, countLogged(logDir, 'payment', fault)])),
        [clockFault]: countSkewed(clocks, logDir),
      },
      redeliveries: ids.length - new Set(ids).size,
      longestStallMs: await longestStall(mongo.uri),
      violations,
    };
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

async function stock(pipeline: Pipeline): Promise<void> {
  for (const { product_id, quantity, price } of catalogue) {
    const response = await fetch(`${pipeline.services.inventory[0]!.url}/inventory/${product_id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ quantity, price }),
    });
    if (response.status !== 200) throw new Error(`PUT /inventory/${product_id} answered ${response.status}`);
  }
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

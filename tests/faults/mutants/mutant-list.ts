/** Deliberate defects. Each names the one test that must fail with it; a defect that survives is a gap in the tests. */
export interface Mutant {
  readonly defect: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly caughtBy: NamedTest;
}

export interface NamedTest {
  readonly file: string;
  /** A part of its title, as `jest -t` takes it. */
  readonly title: string;
}

const crashAt = (point: string): NamedTest => ({
  file: 'tests/faults/crashes-lose-and-duplicate-nothing.test.ts',
  title: point,
});
const outbox = (title: string): NamedTest => ({
  file: 'tests/integration/outbox-publishes-what-is-stored.test.ts',
  title,
});

export const mutants: readonly Mutant[] = [
  {
    defect: 'offsets are committed before the effect',
    file: 'packages/kafka/src/consumer/consumer.ts',
    find: '        await this.#process(',
    replace: '        await commitOffsetsIfNecessary({ topics: nextOffsets(slices) });\n        await this.#process(',
    caughtBy: {
      file: 'tests/integration/offsets-are-committed-after-effects.test.ts',
      title: 'commits no offset before the handler returns',
    },
  },
  {
    defect: 'a duplicate does not republish its outcome',
    file: 'packages/mongo/src/batch-fold.ts',
    find: "if (decision.outcome !== 'ignored') events.push(...decision.events);",
    replace: "if (decision.outcome === 'accepted') events.push(...decision.events);",
    caughtBy: crashAt('effect-durable-not-published'),
  },
  {
    defect: 'the stock is decremented without the condition on what was read',
    file: 'services/inventory/src/inventory-repository.ts',
    find: 'filter: { _id: after._id, version: after.version, quantity: { $gte: -delta } },',
    replace: 'filter: { _id: after._id },',
    caughtBy: {
      file: 'tests/integration/stale-reads-never-oversell.test.ts',
      title: 'is rejected as a whole',
    },
  },
  {
    defect: 'a write is acknowledged by only one member (w: 1)',
    file: 'packages/mongo/src/client.ts',
    find: "writeConcern: { w: 'majority', journal: true, wtimeoutMS: 10_000 },",
    replace: 'writeConcern: { w: 1 },',
    caughtBy: {
      file: 'tests/faults/lost-engine-replicas-lose-nothing.test.ts',
      title: 'a write of one member alone is neither acknowledged nor read',
    },
  },
  {
    defect: 'a read returns what only one member has written (read concern local)',
    file: 'packages/mongo/src/client.ts',
    find: "readConcern: { level: 'majority' },",
    replace: "readConcern: { level: 'local' },",
    caughtBy: {
      file: 'tests/faults/lost-engine-replicas-lose-nothing.test.ts',
      title: 'a write of one member alone is neither acknowledged nor read',
    },
  },
  {
    defect: 'an event is acknowledged by only one broker (acks: 1)',
    file: 'packages/kafka/src/publisher.ts',
    find: 'acks: -1,',
    replace: 'acks: 1,',
    caughtBy: {
      file: 'tests/faults/lost-engine-replicas-lose-nothing.test.ts',
      title: 'losing and restarting two of three brokers loses nothing',
    },
  },
  {
    defect: 'the relay never sweeps',
    file: 'packages/outbox/src/relay.ts',
    find: '    this.#sweeping.start();',
    replace: '',
    caughtBy: outbox('publishes after a restart what a crash left in the outbox'),
  },
  {
    defect: 'an outage counts as a failed attempt of the record',
    file: 'packages/kafka/src/middleware/outage-wait.ts',
    find: '        if (!isOutage(error)) throw error;',
    replace: '        throw error;',
    caughtBy: {
      file: 'tests/integration/outages-pause-consumption.test.ts',
      title: 'a member keeps its assignment and its events through an outage',
    },
  },
  {
    defect: 'the idempotency key is not unique',
    file: 'services/order/src/order-repository.ts',
    find: '        unique: true,\n',
    replace: '',
    caughtBy: {
      file: 'tests/e2e/idempotency-key-gives-one-order.test.ts',
      title: 'fifty concurrent requests with the same key, on two replicas',
    },
  },
  {
    defect: 'each attempt of a charge has a new idempotency key',
    file: 'services/payment/src/simulated-gateway.ts',
    find: "_id: `${orderId}:charge`,\n          order_id: orderId,\n          kind: 'charge',\n          outcome: reason",
    replace:
      "_id: `${orderId}:charge:${Math.random()}`,\n          order_id: orderId,\n          kind: 'charge',\n          outcome: reason",
    caughtBy: crashAt('charged-not-recorded'),
  },
  {
    defect: 'a write does not check the version that was read',
    file: 'packages/mongo/src/versioned-documents.ts',
    find: 'filter: { _id: after._id, version: after.version },',
    replace: 'filter: { _id: after._id },',
    caughtBy: outbox('are saved unless they changed since they were read'),
  },
  {
    defect: 'the stock is reset at each start',
    file: 'services/inventory/src/inventory-repository.ts',
    find: 'if (await this.#products.findOne({ _id: sample._id }, { session })) return false;',
    replace:
      'const { matchedCount } = await this.#products.updateOne({ _id: sample._id }, { $set: sample }, { session });\n        if (matchedCount === 1) return true;',
    caughtBy: {
      file: 'tests/e2e/hot-product-is-never-oversold.test.ts',
      title: 'a restart does not reset the stock',
    },
  },
  {
    defect: 'a bad record is skipped instead of dead-lettered',
    file: 'packages/kafka/src/consumer/batch-processor.ts',
    find: '[...decided.outcomes, ...deadLetterRecords]',
    replace: '[...decided.outcomes]',
    caughtBy: {
      file: 'tests/integration/bad-records-are-dead-lettered.test.ts',
      title: 'dead-letters malformed records in the middle of a batch',
    },
  },
  {
    defect: 'the shipment service forgets a cancellation that arrives first',
    file: 'services/shipment/src/shipment.ts',
    find: '    if (shipment) return repeated(',
    replace: "    if (shipment && shipment.status !== 'CANCELLED') return repeated(",
    caughtBy: {
      file: 'tests/model/every-interleaving-ends-legally.test.ts',
      title: 'an order that ships, cancelled',
    },
  },
];

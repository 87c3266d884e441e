/**
 * Steps in dashboard_db. A batch takes its numbers from a counter and inserts its steps in one transaction. The counter's
 * document serialises these transactions, so numbers become visible in order and without gaps, whichever replica writes,
 * and a reader that continues after the last number it has read misses nothing.
 */
import type { ClientSession } from 'mongodb';
import { openCollection, type Mongo } from '@order-pipeline/mongo';
import type { NewStep, Step } from './step.ts';

export interface StepRepository {
  createIndexes(): Promise<void>;
  /** Stores the steps that are not stored yet, in this order. */
  append(steps: readonly NewStep[]): Promise<void>;
  /** The number of the newest step; 0 before the first. */
  newest(): Promise<number>;
  /** The number of the oldest kept step; 0 when none is kept. */
  oldest(): Promise<number>;
  readAfter(seq: number, limit: number): Promise<Step[]>;
  /** The kept steps of an order, by number. */
  ofOrder(orderId: string): Promise<Step[]>;
  /** When the first stored fact at or after this offset of a partition became true. */
  timeAt(topic: string, partition: number, offset: number): Promise<Date | undefined>;
  /** The state of the replica set; rejects when it is unreachable. */
  ping(): Promise<{ readonly primary: string; readonly members: number }>;
}

/** More steps than an order can have. */
const maxStepsOfOrder = 50;
const counterId = 'steps';

export function createStepRepository({ client, db }: Mongo, { maxSteps }: { maxSteps: number }): StepRepository {
  const steps = openCollection(db, 'steps');
  const counters = openCollection(db, 'counters');

  /** Returns the number of the last step that was written, or 0 when all were stored already. */
  const appendIn = async (session: ClientSession, batch: ReadonlyMap<string, NewStep>): Promise<number> => {
    const stored = await steps.find({ _id: { $in: [...batch.keys()] } }, { session, projection: { _id: 1 } }).toArray();
    const storedIds = new Set<unknown>(stored.map(({ _id }) => _id));
    const added = [...batch.values()].filter(({ _id }) => !storedIds.has(_id));
    if (added.length === 0) return 0;
    const counter = await counters.findOneAndUpdate(
      { _id: counterId },
      { $inc: { last: added.length } },
      { session, upsert: true, returnDocument: 'after' },
    );
    const last = counter?.['last'] as number;
    const first = last - added.length + 1;
    await steps.insertMany(
      added.map((step, index) => ({ ...step, seq: first + index })),
      { session },
    );
    return last;
  };

  return {
    async createIndexes() {
      await steps.createIndexes([
        { key: { seq: 1 }, name: 'by_sequence', unique: true },
        { key: { order_id: 1, seq: 1 }, name: 'by_order' },
        { key: { type: 1, partition: 1, offset: 1 }, name: 'by_place' },
      ]);
      await counters.updateOne({ _id: counterId }, { $setOnInsert: { last: 0 } }, { upsert: true });
    },
    async append(batch) {
      const last = await client.withSession((session) =>
        session.withTransaction(() => appendIn(session, new Map(batch.map((step) => [step._id, step]))), {
          readConcern: { level: 'snapshot' },
        }),
      );
      // Each batch deletes as many as it has added, so that the collection keeps its limit without a scheduled job.
      if (last > maxSteps) await steps.deleteMany({ seq: { $lte: last - maxSteps } }, { writeConcern: { w: 1 } });
    },
    async newest() {
      return ((await counters.findOne({ _id: counterId }))?.['last'] as number | undefined) ?? 0;
    },
    async oldest() {
      const first = await steps.findOne<Step>({}, { sort: { seq: 1 }, projection: { seq: 1 } });
      return first?.seq ?? 0;
    },
    readAfter: (seq, limit) => steps.find<Step>({ seq: { $gt: seq } }, { sort: { seq: 1 }, limit }).toArray(),
    ofOrder: (order_id) => steps.find<Step>({ order_id }, { sort: { seq: 1 }, limit: maxStepsOfOrder }).toArray(),
    async timeAt(type, partition, offset) {
      const step = await steps.findOne<Step>(
        { type, partition, offset: { $gte: offset } },
        { sort: { offset: 1 }, projection: { time: 1 } },
      );
      return step?.time;
    },
    async ping() {
      const { primary, hosts } = await db.command({ hello: 1, maxTimeMS: 2_000 });
      return { primary: String(primary), members: (hosts as unknown[] | undefined)?.length ?? 1 };
    },
  };
}

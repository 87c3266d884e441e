/**
 * Steps in dashboard_db. A chunk takes its numbers from the counter and inserts its steps in one transaction: the
 * counter's document lets one transaction at a time through, so numbers become visible in their order and without gaps,
 * whichever replica writes, and a reader that goes on after the last number it saw misses nothing.
 */
import type { ClientSession } from 'mongodb';
import { openCollection, type Mongo } from '@order-pipeline/mongo';
import type { NewStep, Step } from './step.ts';

export interface StepRepository {
  createIndexes(): Promise<void>;
  /** Keeps those that are not known yet, in this order. */
  append(steps: readonly NewStep[]): Promise<void>;
  /** The number of the newest step; 0 when there was none yet. */
  newest(): Promise<number>;
  /** The number of the oldest step that is still kept; 0 when there is none. */
  oldest(): Promise<number>;
  readAfter(seq: number, limit: number): Promise<Step[]>;
  /** Every step of an order that is still kept, first to last. */
  ofOrder(orderId: string): Promise<Step[]>;
  /** When the first fact at or after this place of a partition became true. */
  timeAt(topic: string, partition: number, offset: number): Promise<Date | undefined>;
  /** How the database is; rejects when it is away. */
  ping(): Promise<{ readonly primary: string; readonly members: number }>;
}

/** More than an order can have. */
const maxStepsOfOrder = 50;
const counterId = 'steps';

export function createStepRepository({ client, db }: Mongo, { maxSteps }: { maxSteps: number }): StepRepository {
  const steps = openCollection(db, 'steps');
  const counters = openCollection(db, 'counters');

  /** Answers the number of the last step that was written, or 0 when all were known. */
  const appendIn = async (session: ClientSession, fresh: Map<string, NewStep>): Promise<number> => {
    const known = await steps.find({ _id: { $in: [...fresh.keys()] } }, { session, projection: { _id: 1 } }).toArray();
    for (const { _id } of known) fresh.delete(_id);
    const unknown = [...fresh.values()];
    if (unknown.length === 0) return 0;
    const counter = await counters.findOneAndUpdate(
      { _id: counterId },
      { $inc: { last: unknown.length } },
      { session, upsert: true, returnDocument: 'after' },
    );
    const last = counter?.['last'] as number;
    const first = last - unknown.length + 1;
    await steps.insertMany(
      unknown.map((step, index) => ({ ...step, seq: first + index })),
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
    async append(chunk) {
      const last = await client.withSession((session) =>
        session.withTransaction(() => appendIn(session, new Map(chunk.map((step) => [step._id, step]))), {
          readConcern: { level: 'snapshot' },
        }),
      );
      // As many go as came, so the collection stays at its limit without anything that has to be scheduled.
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

/** What can be known about one order, collected from the databases, the topics and the groups. */
import { services, type ServiceEntry } from '@order-pipeline/events';
import {
  createGroupObserver,
  deadLetterGroups,
  lagOfPartition,
  readResolutions,
  resolutionKey,
  scanDeadLetters,
  subjectOf,
} from '@order-pipeline/kafka';
import type { KafkaConnection } from '../connections.ts';
import type { Databases, Payment, Reservation, StoredOrder, StoredShipment } from '../databases.ts';
import { printable } from '../dlq/list.ts';
import type { DeadLetteredStep, Findings, GroupProgress } from './explain.ts';
import { waitingOf, type Known, type Waiting } from './waiting.ts';

/** More dead letters of one order say no more. */
const maxDeadLetters = 20;
const shownErrorLength = 200;

export async function findKnown(databases: Databases, orderId: string): Promise<Known | undefined> {
  const { orders, payments, updates, shipments } = databases;
  const find = async <T>(collection: typeof orders): Promise<T | undefined> =>
    ((await collection.findOne({ _id: orderId })) as T | null) ?? undefined;
  // The order first: what the others say of it afterwards is never older.
  const order = await find<StoredOrder>(orders);
  if (!order) return undefined;
  const [payment, reservation, shipment] = await Promise.all([
    find<Payment>(payments),
    find<Reservation>(updates),
    find<StoredShipment>(shipments),
  ]);
  return { order, payment, reservation, shipment };
}

export async function collect(connection: KafkaConnection, known: Known): Promise<Findings> {
  const waiting = waitingOf(known);
  return {
    ...known,
    now: new Date(),
    waiting,
    progress: waiting.on === 'group' ? await progressOf(connection, waiting) : undefined,
    deadLetters: await deadLettersOf(connection, known.order._id),
  };
}

async function progressOf(
  { kafka }: KafkaConnection,
  { group, topic, place }: Extract<Waiting, { on: 'group' }>,
): Promise<GroupProgress> {
  const observer = createGroupObserver(kafka);
  try {
    const [ranges, committed, [described]] = await Promise.all([
      observer.ranges(topic),
      observer.committed(group, [topic]),
      observer.groups([group]),
    ]);
    const nextOf = committed.get(topic);
    const waitedFor = ranges.filter(({ partition }) => place.partition === undefined || partition === place.partition);
    return {
      members: described?.members.length ?? 0,
      next: place.partition === undefined ? undefined : nextOf?.get(place.partition),
      lag: waitedFor.reduce((sum, range) => sum + lagOfPartition(range, nextOf?.get(range.partition)), 0n),
    };
  } finally {
    await observer.stop();
  }
}

async function deadLettersOf(connection: KafkaConnection, orderId: string): Promise<DeadLetteredStep[]> {
  const resolutions = await readResolutions(connection, deadLetterGroups);
  const steps: DeadLetteredStep[] = [];
  await scanDeadLetters(connection, deadLetterGroups, async (letters) => {
    for (const letter of letters) {
      if (subjectOf(letter) !== orderId || resolutions.has(resolutionKey(letter))) continue;
      if (steps.length === maxDeadLetters) return 'enough';
      steps.push({
        id: letter.id,
        group: letter.group,
        topic: letter.originalTopic ?? 'a topic that it does not name',
        since: new Date(letter.deadLetteredAt),
        error: printable(`${letter.errorClass ?? letter.kind ?? 'error'}: ${letter.errorMessage ?? ''}`).slice(
          0,
          shownErrorLength,
        ),
      });
    }
  });
  return steps;
}

/** The services that know the order although the order service does not. */
export async function whoKnows({ payments, updates, shipments }: Databases, orderId: string): Promise<string[]> {
  const known = await Promise.all(
    (
      [
        [services.payment, payments],
        [services.inventory, updates],
        [services.shipment, shipments],
      ] as const satisfies readonly (readonly [ServiceEntry, unknown])[]
    ).map(async ([{ name }, collection]) => ((await collection.findOne({ _id: orderId })) ? [name] : [])),
  );
  return known.flat();
}

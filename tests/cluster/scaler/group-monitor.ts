/** A consumer group watched from outside, by Kafka's own word: what the scaler says of it is not asked. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';

export interface GroupSample {
  readonly atSeconds: number;
  readonly lag: number;
  readonly members: number;
  readonly stable: boolean;
}

export interface GroupWatch extends AsyncDisposable {
  readonly samples: readonly GroupSample[];
}

const everyMs = 500;

export async function watchGroup(
  kafka: Kafka,
  groupId: string,
  topics: readonly string[],
  seconds: () => number,
): Promise<GroupWatch> {
  const admin = kafka.admin();
  await admin.connect();
  const samples: GroupSample[] = [];
  const stop = new AbortController();

  async function sample(): Promise<void> {
    const sum = (offsets: readonly { readonly offset: string }[]) =>
      offsets.reduce((total, { offset }) => total + Math.max(0, Number(offset)), 0);
    const commits = await admin.fetchOffsets({ groupId, topics: [...topics] });
    const ends = await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)));
    const { groups } = await admin.describeGroups([groupId]);
    const committed = sum(commits.flatMap(({ partitions }) => partitions));
    samples.push({
      atSeconds: seconds(),
      lag: sum(ends.flat()) - committed,
      members: groups[0]?.members.length ?? 0,
      stable: groups[0]?.state === 'Stable',
    });
  }

  const running = (async () => {
    while (!stop.signal.aborted) {
      // A look that fails is left out; the next one follows.
      await sample().catch(() => undefined);
      await pause(everyMs);
    }
  })();
  return {
    samples,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await admin.disconnect();
    },
  };
}

/** The shortest and the longest time that the group stood still after the last change of its members. */
export function stopSeconds(samples: readonly GroupSample[]): [number, number] | undefined {
  const stops: number[] = [];
  let changedAt: number | undefined;
  samples.forEach(({ atSeconds, members, stable }, index) => {
    const before = samples[index - 1];
    if (!stable && (changedAt === undefined || members !== before?.members)) changedAt = atSeconds;
    if (!stable || changedAt === undefined) return;
    stops.push(atSeconds - changedAt);
    changedAt = undefined;
  });
  return rangeOf(stops);
}

/** When the members were more than `from`, and when they were `to`: how long the first and the last pod took to join. */
export function joinSeconds(
  samples: readonly GroupSample[],
  { atSeconds: since, from, to }: { readonly atSeconds: number; readonly from: number; readonly to: number },
): [number, number] | undefined {
  const after = samples.filter(({ atSeconds }) => atSeconds >= since);
  const joined = [from + 1, to].map((count) => after.find(({ members }) => members >= count)?.atSeconds);
  return rangeOf(joined.filter((at) => at !== undefined).map((at) => at - since));
}

const rangeOf = (numbers: readonly number[]): [number, number] | undefined =>
  numbers.length === 0 ? undefined : [Math.min(...numbers), Math.max(...numbers)];

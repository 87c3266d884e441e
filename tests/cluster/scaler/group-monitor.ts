/** Samples a consumer group in Kafka itself, independently of the scaler. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';

export interface GroupSample {
  readonly atSeconds: number;
  readonly lag: number;
  readonly members: number;
  readonly stable: boolean;
}

export interface GroupMonitor extends AsyncDisposable {
  readonly samples: readonly GroupSample[];
}

const everyMs = 500;

export async function monitorGroup(
  kafka: Kafka,
  groupId: string,
  topics: readonly string[],
  seconds: () => number,
): Promise<GroupMonitor> {
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
      // A sample that fails is omitted.
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

/** The shortest and the longest pause of the group after a change of its members. */
export function pauseSeconds(samples: readonly GroupSample[]): [number, number] | undefined {
  const pauses: number[] = [];
  let changedAt: number | undefined;
  samples.forEach(({ atSeconds, members, stable }, index) => {
    const before = samples[index - 1];
    if (!stable && (changedAt === undefined || members !== before?.members)) changedAt = atSeconds;
    if (!stable || changedAt === undefined) return;
    pauses.push(atSeconds - changedAt);
    changedAt = undefined;
  });
  return rangeOf(pauses);
}

/** How long the first and the last new member of a step from `from` to `to` took to join the group. */
export function joinSeconds(
  samples: readonly GroupSample[],
  { atSeconds: since, from, to }: { readonly atSeconds: number; readonly from: number; readonly to: number },
): [number, number] | undefined {
  const after = samples.filter(({ atSeconds }) => atSeconds >= since);
  const joined = [from + 1, to].map((count) => after.find(({ members }) => members >= count)?.atSeconds);
  return rangeOf(joined.filter((at) => at !== undefined).map((at) => at - since));
}

function rangeOf(numbers: readonly number[]): [number, number] | undefined {
  return numbers.length === 0 ? undefined : [Math.min(...numbers), Math.max(...numbers)];
}

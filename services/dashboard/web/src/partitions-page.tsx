import type { JSX } from 'preact';
import type { GroupView, PartitionView, RebalanceView } from '../../src/views.ts';
import { getPartitions } from './api.ts';
import { formatClock, formatCount, formatMs, plural } from './format.ts';
import { usePolled } from './polled.ts';

const refreshMs = 1_000;

export function PartitionsPage(): JSX.Element {
  const { value, problem } = usePolled(getPartitions, refreshMs);
  return (
    <>
      <header class="view-head">
        <h1>Partitions</h1>
        <p class="quiet">
          Which member of each consumer group reads which partition, and how many events it still owes: the events, and
          the age of the oldest. Letters and colours are the members.
        </p>
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        {typeof value?.replicas_problem === 'string' && (
          <p class="problem" role="alert">
            {value.replicas_problem}.
          </p>
        )}
      </header>
      <div class="groups">
        {value?.groups.map((group) => (
          <Group key={group.group} group={group} />
        ))}
      </div>
      <section aria-labelledby="rebalances-title">
        <h2 id="rebalances-title">Rebalances</h2>
        <Rebalances entries={value?.rebalances ?? []} />
      </section>
    </>
  );
}

const letterOf = (index: number): string => String.fromCodePoint('A'.codePointAt(0)! + (index % 26));

function Group({ group }: { group: GroupView }): JSX.Element {
  const { members, replicas } = group;
  const columns = Math.max(0, ...group.topics.map(({ partitions }) => partitions.length));
  const settled = group.state === 'Stable';
  return (
    <section class="group" aria-label={group.group}>
      <header>
        <h2>{group.group}</h2>
        <span class={`badge ${settled ? 'good' : 'undone'}`}>{settled ? 'stable' : words(group.state)}</span>
        <span class="group-lag num">{lagText(group)}</span>
      </header>
      <ul class="members" aria-label="Members">
        {members.length === 0 && <li class="quiet">nobody reads</li>}
        {members.map(({ id, client, host }, index) => (
          <li key={id} title={`${id} at ${host}`}>
            <span class={`chip owner-${index % 8}`}>{letterOf(index)}</span> {nameOf(client)}
          </li>
        ))}
      </ul>
      {replicas && <Replicas replicas={replicas} />}
      <div class="map" tabIndex={0} role="region" aria-label={`Partition map of ${group.group}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">topic</th>
              {Array.from({ length: columns }, (_, partition) => (
                <th scope="col" class="num">
                  {partition}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {group.topics.map(({ topic, partitions }) => (
              <tr key={topic}>
                <th scope="row">{topic}</th>
                {partitions.map((partition) => (
                  <Cell key={partition.partition} partition={partition} members={members} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** What the scaler made of the group at its last look. */
function Replicas({ replicas }: { replicas: NonNullable<GroupView['replicas']> }): JSX.Element {
  const { wanted, had, reason, message } = replicas;
  if (wanted === null || had === null) return <p class="replicas">The scaler has not looked at this group yet.</p>;
  return (
    <p class="replicas">
      <b class={`num ${wanted === had ? '' : 'changing'}`}>
        {plural(had, 'replica')}, {wanted} wanted
      </b>{' '}
      {reason !== null && <span class="badge stopped">{words(reason)}</span>} {message}
    </p>
  );
}

/** A replica that is named after its service need not say it twice. */
const nameOf = (client: string): string => client.replace(/^([\w-]+)-(?=\1-)/u, '');

function Cell({ partition, members }: { partition: PartitionView; members: GroupView['members'] }): JSX.Element {
  const { owner, lag, lag_seconds: seconds, committed, end } = partition;
  const index = members.findIndex(({ id }) => id === owner);
  return (
    <td class={index < 0 ? 'unowned' : `owner-${index % 8}`} title={`next ${committed ?? 'none'} of ${end}`}>
      <span class="letter" aria-hidden={index < 0}>
        {index < 0 ? '–' : letterOf(index)}
      </span>
      {index < 0 && <span class="unseen">nobody, </span>}
      <span class={`num ${lag > 0 ? 'behind' : 'even'}`}>{formatCount(lag)}</span>
      {lag > 0 && (
        <span class="age num">
          <span class="unseen">behind, the oldest </span>
          {seconds === null ? '?' : formatMs(seconds * 1_000)}
        </span>
      )}
    </td>
  );
}

function lagText({ lag, lag_seconds: seconds }: GroupView): string {
  if (lag === 0) return 'up to date';
  return `${plural(lag, 'event')} behind${seconds === null ? '' : `, ${formatMs(seconds * 1_000)}`}`;
}

const words = (state: string): string => state.replaceAll(/(?<=[a-z])(?=[A-Z])/gu, ' ').toLowerCase();

function Rebalances({ entries }: { entries: readonly RebalanceView[] }): JSX.Element {
  if (entries.length === 0) return <p class="quiet">None since the dashboard started.</p>;
  return (
    <ol class="rebalances">
      {entries.map(({ at, group, state, members_before, members, moved }) => (
        <li key={`${at} ${group}`}>
          <time class="quiet num" dateTime={at}>
            {formatClock(at)}
          </time>
          <b>{group}</b>
          <span>
            {state === 'Stable'
              ? `${members_before} → ${plural(members, 'member')}, ${plural(moved, 'partition')} moved`
              : words(state)}
          </span>
        </li>
      ))}
    </ol>
  );
}

import type { JSX } from 'preact';
import type { GroupView, PartitionView, RebalanceView } from '../../src/views.ts';
import { getPartitions } from './api.ts';
import { formatClock, formatCount, formatMs, plural } from './format.ts';
import { usePolled } from './use-polled.ts';

const refreshMs = 1_000;

export function PartitionsPage(): JSX.Element {
  const { value, problem } = usePolled(getPartitions, refreshMs);
  return (
    <>
      <header class="view-head">
        <h1>Partitions</h1>
        <p class="quiet">
          Which member of each consumer group reads which partition, and the consumer lag: the number of events, and the
          age of the oldest. Each member has a label and a colour.
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

/** `PreparingRebalance` as `preparing rebalance`. */
const words = (state: string): string => state.replaceAll(/(?<=[a-z])(?=[A-Z])/gu, ' ').toLowerCase();

/** The client id without the service's name, where it contains that twice. */
const nameOf = (client: string): string => client.replace(/^([\w-]+)-(?=\1-)/u, '');

const memberLabel = (index: number): string => String.fromCodePoint('A'.codePointAt(0)! + (index % 26));

function Group({ group }: { group: GroupView }): JSX.Element {
  const { members, replicas } = group;
  const columns = Math.max(0, ...group.topics.map(({ partitions }) => partitions.length));
  const isStable = group.state === 'Stable';
  return (
    <section class="group" aria-label={group.group}>
      <header>
        <h2>{group.group}</h2>
        <span class={`badge ${isStable ? 'good' : 'undone'}`}>{isStable ? 'stable' : words(group.state)}</span>
        <span class="group-lag num">{lagText(group)}</span>
      </header>
      <ul class="members" aria-label="Members">
        {members.length === 0 && <li class="quiet">no members</li>}
        {members.map(({ id, client, host }, index) => (
          <li key={id} title={`${id} at ${host}`}>
            <span class={`chip owner-${index % 8}`}>{memberLabel(index)}</span> {nameOf(client)}
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

/** The result of the latest reconciliation of the group's ConsumerScaler. */
function Replicas({ replicas }: { replicas: NonNullable<GroupView['replicas']> }): JSX.Element {
  const { wanted, had, reason, message } = replicas;
  if (wanted === null || had === null) return <p class="replicas">The scaler has not reconciled this group yet.</p>;
  return (
    <p class="replicas">
      <b class={`num ${wanted === had ? '' : 'changing'}`}>
        {plural(had, 'replica')}, {wanted} desired
      </b>{' '}
      {reason !== null && <span class="badge stopped">{words(reason)}</span>} {message}
    </p>
  );
}

function Cell({ partition, members }: { partition: PartitionView; members: GroupView['members'] }): JSX.Element {
  const { owner, lag, lag_seconds: seconds, committed, end } = partition;
  const index = members.findIndex(({ id }) => id === owner);
  return (
    <td
      class={index < 0 ? 'unowned' : `owner-${index % 8}`}
      title={`committed offset ${committed ?? 'none'}, end offset ${end}`}
    >
      <span class="member-label" aria-hidden={index < 0}>
        {index < 0 ? '–' : memberLabel(index)}
      </span>
      {index < 0 && <span class="unseen">no member, </span>}
      <span class={`num ${lag > 0 ? 'lag' : 'no-lag'}`}>{formatCount(lag)}</span>
      {lag > 0 && (
        <span class="age num">
          <span class="unseen">events, the oldest </span>
          {seconds === null ? '?' : formatMs(seconds * 1_000)}
        </span>
      )}
    </td>
  );
}

function lagText({ lag, lag_seconds: seconds }: GroupView): string {
  if (lag === 0) return 'no lag';
  return `lag ${plural(lag, 'event')}${seconds === null ? '' : `, ${formatMs(seconds * 1_000)}`}`;
}

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

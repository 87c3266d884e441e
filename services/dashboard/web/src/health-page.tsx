import type { JSX } from 'preact';
import type { HealthItem } from '../../src/views.ts';
import { getOverview } from './api.ts';
import { usePolled } from './use-polled.ts';

const refreshMs = 3_000;
const tones = { up: 'good', degraded: 'undone', down: 'refused', off: 'stopped' } as const;

export function HealthPage(): JSX.Element {
  const { value, problem } = usePolled(getOverview, refreshMs);
  const items = value?.items ?? [];
  const unhealthy = items.filter(({ status }) => status === 'down' || status === 'degraded');
  return (
    <>
      <header class="view-head">
        <h1>Health</h1>
        <p role="status">
          {problem ??
            (items.length === 0
              ? 'Loading …'
              : unhealthy.length === 0
                ? 'Everything is healthy.'
                : `Degraded or down: ${unhealthy.map(({ name }) => name).join(', ')}.`)}
        </p>
      </header>
      <ul class="health">
        {items.map((item) => (
          <Item key={item.name} item={item} />
        ))}
      </ul>
    </>
  );
}

function Item({ item: { name, status, summary, facts } }: { item: HealthItem }): JSX.Element {
  return (
    <li class={`health-item ${tones[status]}`}>
      <header>
        <h2>{name}</h2>
        <span class={`badge ${tones[status]}`}>{status}</span>
      </header>
      <p>{summary}</p>
      <dl>
        {facts.map((fact) => (
          <div key={fact.name} class={fact.status ? tones[fact.status] : ''}>
            <dt>{fact.name}</dt>
            <dd>{fact.value}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

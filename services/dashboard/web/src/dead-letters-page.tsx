import type { JSX } from 'preact';
import { DeadLetterTable } from './dead-letter-table.tsx';
import { DiscardButton } from './discard-button.tsx';
import { plural } from './format.ts';
import { TokenForm } from './token-form.tsx';
import { useDeadLetters, type DeadLettersState, type ResolutionReport } from './use-dead-letters.ts';

export function DeadLettersPage(): JSX.Element {
  const state = useDeadLetters();
  const { found, problem, selected, showsResolved, busy, report } = state;
  if (problem?.status === 401) return <TokenForm problem={problem} onToken={state.refresh} />;
  return (
    <>
      <header class="view-head">
        <h1>Dead letters</h1>
        <p class="quiet">
          Records that a consumer group could not process. Redrive a dead letter once its cause is fixed: it is
          published to its original topic again, unchanged. Discard marks it as resolved without processing it.
        </p>
      </header>
      <Toolbar state={state} />
      <div role="status">
        {busy && <p class="quiet">Reading the queues …</p>}
        {problem && <p class="problem">{problem.message}</p>}
        {report && <ReportText report={report} />}
      </div>
      {found?.items.length === 0 && <p class="empty">There are no {showsResolved ? '' : 'unresolved '}dead letters.</p>}
      {found && found.items.length > 0 && (
        <DeadLetterTable items={found.items} selected={selected} onSelect={state.setSelected} />
      )}
      {found && found.more > 0 && <p class="quiet">{plural(found.more, 'older dead letter')} not shown.</p>}
    </>
  );
}

function Toolbar({ state }: { state: DeadLettersState }): JSX.Element {
  const { selected, showsResolved, busy, setShowsResolved, refresh, resolve } = state;
  const count = selected.size;
  return (
    <div class="toolbar" role="toolbar" aria-label="Actions for the selected dead letters">
      <button type="button" disabled={busy || count === 0} onClick={() => resolve('redriven', true)}>
        Dry run
      </button>
      <button type="button" class="primary" disabled={busy || count === 0} onClick={() => resolve('redriven', false)}>
        Redrive {count > 0 && count}
      </button>
      <DiscardButton count={count} busy={busy} onDiscard={() => resolve('discarded', false)} />
      <label class="check">
        <input
          type="checkbox"
          checked={showsResolved}
          onChange={({ currentTarget }) => setShowsResolved(currentTarget.checked)}
        />
        Show resolved
      </label>
      <button type="button" class="link" disabled={busy} onClick={refresh}>
        Refresh
      </button>
    </div>
  );
}

function ReportText({ report: { dryRun, outcomes } }: { report: ResolutionReport }): JSX.Element {
  return (
    <div class="report">
      <h2>{dryRun ? 'Dry run: nothing was changed' : 'Done'}</h2>
      <ul>
        {outcomes.map(({ id, outcome, detail }) => (
          <li key={id}>
            <span class="mono">{id}</span> {dryRun && outcome === 'redriven' ? 'would be ' : ''}
            {outcome} {detail}
          </li>
        ))}
      </ul>
    </div>
  );
}

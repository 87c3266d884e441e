import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { DeadLetter, DeadLetters, ResolutionOutcome } from '../../src/views.ts';
import { getDeadLetters, resolveDeadLetters, type Problem } from './api.ts';
import { DeadLetterRow } from './dead-letter-row.tsx';
import { DiscardButton } from './discard-button.tsx';
import { plural } from './format.ts';
import { TokenForm } from './token-form.tsx';

type Action = 'redriven' | 'discarded';

interface Report {
  readonly dryRun: boolean;
  readonly outcomes: readonly ResolutionOutcome[];
}

export function DeadLettersPage(): JSX.Element {
  const [found, setFound] = useState<DeadLetters | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [withResolved, setWithResolved] = useState(false);
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<Report | undefined>(undefined);

  const guarded = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    try {
      await work();
      setProblem(undefined);
    } catch (error) {
      setProblem(error as Problem);
    }
    setBusy(false);
  };
  const load = async (): Promise<void> => {
    const letters = await getDeadLetters(withResolved);
    const open = new Set(letters.items.filter(({ resolution }) => !resolution).map(({ id }) => id));
    setFound(letters);
    setChosen((before) => new Set([...before].filter((id) => open.has(id))));
  };
  const resolve = (action: Action, dryRun: boolean): Promise<void> =>
    guarded(async () => {
      const { outcomes } = await resolveDeadLetters({ action, ids: [...chosen], dry_run: dryRun });
      setReport({ dryRun, outcomes });
      if (!dryRun) await load();
    });

  useEffect(() => void guarded(load), [withResolved]);

  if (problem?.status === 401) return <TokenForm problem={problem} onToken={() => void guarded(load)} />;
  const items = found?.items ?? [];
  return (
    <>
      <header class="view-head">
        <h1>Dead letters</h1>
        <p class="quiet">
          Events that a consumer could not work off. Redrive publishes one again, unchanged, once its cause is cured; to
          discard says that nobody will.
        </p>
      </header>
      <div class="toolbar" role="toolbar" aria-label="What to do with the chosen dead letters">
        <button type="button" disabled={busy || chosen.size === 0} onClick={() => void resolve('redriven', true)}>
          Dry run
        </button>
        <button
          type="button"
          class="primary"
          disabled={busy || chosen.size === 0}
          onClick={() => void resolve('redriven', false)}
        >
          Redrive {chosen.size > 0 && chosen.size}
        </button>
        <DiscardButton count={chosen.size} busy={busy} onDiscard={() => void resolve('discarded', false)} />
        <label class="check">
          <input
            type="checkbox"
            checked={withResolved}
            onChange={({ currentTarget }) => setWithResolved(currentTarget.checked)}
          />
          show those that were dealt with
        </label>
        <button type="button" class="link" disabled={busy} onClick={() => void guarded(load)}>
          Look again
        </button>
      </div>
      <div role="status">
        {busy && <p class="quiet">Reading the queues …</p>}
        {problem && <p class="problem">{problem.message}</p>}
        {report && <ReportText report={report} />}
      </div>
      {found && items.length === 0 && <p class="empty">No dead letter waits for a decision.</p>}
      {items.length > 0 && <LetterTable items={items} chosen={chosen} onChoose={(ids) => setChosen(ids)} />}
      {found && found.more > 0 && <p class="quiet">{plural(found.more, 'older one')} not shown.</p>}
    </>
  );
}

function LetterTable(props: {
  items: readonly DeadLetter[];
  chosen: ReadonlySet<string>;
  onChoose: (ids: ReadonlySet<string>) => void;
}): JSX.Element {
  const { items, chosen, onChoose } = props;
  const open = items.filter(({ resolution }) => !resolution).map(({ id }) => id);
  const all = open.length > 0 && open.every((id) => chosen.has(id));
  return (
    <table class="letters">
      <thead>
        <tr>
          <th scope="col">
            <input
              type="checkbox"
              aria-label="Choose all"
              checked={all}
              disabled={open.length === 0}
              onChange={() => onChoose(new Set(all ? [] : open))}
            />
          </th>
          <th scope="col">Since</th>
          <th scope="col">Group and topic</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      {items.map((letter) => (
        <DeadLetterRow
          key={letter.id}
          letter={letter}
          chosen={chosen.has(letter.id)}
          onChoose={(wanted) => {
            const others = [...chosen].filter((id) => id !== letter.id);
            onChoose(new Set(wanted ? [...others, letter.id] : others));
          }}
        />
      ))}
    </table>
  );
}

function ReportText({ report: { dryRun, outcomes } }: { report: Report }): JSX.Element {
  return (
    <div class="report">
      <h2>{dryRun ? 'A dry run: nothing was done' : 'Done'}</h2>
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

/** The state of the dead letters page, and the requests that change it. */
import { useEffect, useState } from 'preact/hooks';
import type { DeadLetters, ResolutionOutcome } from '../../src/views.ts';
import { getDeadLetters, resolveDeadLetters, type Problem } from './api.ts';

export type Resolution = 'redriven' | 'discarded';

/** The outcome of the latest resolution, or of its dry run. */
export interface ResolutionReport {
  readonly dryRun: boolean;
  readonly outcomes: readonly ResolutionOutcome[];
}

export function useDeadLetters() {
  const [found, setFound] = useState<DeadLetters | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [showsResolved, setShowsResolved] = useState(false);
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<ResolutionReport | undefined>(undefined);

  const request = async (send: () => Promise<void>): Promise<void> => {
    setBusy(true);
    try {
      await send();
      setProblem(undefined);
    } catch (error) {
      setProblem(error as Problem);
    }
    setBusy(false);
  };
  const load = async (): Promise<void> => {
    const deadLetters = await getDeadLetters(showsResolved);
    const unresolved = new Set(deadLetters.items.filter(({ resolution }) => !resolution).map(({ id }) => id));
    setFound(deadLetters);
    setSelected((before) => new Set([...before].filter((id) => unresolved.has(id))));
  };
  const refresh = (): void => void request(load);
  const resolve = (action: Resolution, dryRun: boolean): void =>
    void request(async () => {
      const { outcomes } = await resolveDeadLetters({ action, ids: [...selected], dry_run: dryRun });
      setReport({ dryRun, outcomes });
      if (!dryRun) await load();
    });

  useEffect(refresh, [showsResolved]);

  return { found, problem, selected, showsResolved, busy, report, setSelected, setShowsResolved, refresh, resolve };
}

export type DeadLettersState = ReturnType<typeof useDeadLetters>;

import { useEffect, useState } from 'preact/hooks';

export interface Polled<T> {
  readonly value: T | undefined;
  /** A sentence while the last question was not answered; the value is then an old one. */
  readonly problem: string | undefined;
}

/** Asks now and again for as long as the component is on show and the tab is looked at. */
export function usePolled<T>(question: () => Promise<T>, everyMs: number): Polled<T> {
  const [state, setState] = useState<Polled<T>>({ value: undefined, problem: undefined });
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      if (document.visibilityState === 'visible') {
        try {
          const value = await question();
          if (!gone) setState({ value, problem: undefined });
        } catch (error) {
          if (!gone) setState(({ value }) => ({ value, problem: (error as Error).message }));
        }
      }
      if (!gone) timer = setTimeout(ask, everyMs);
    };
    void ask();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [question, everyMs]);
  return state;
}

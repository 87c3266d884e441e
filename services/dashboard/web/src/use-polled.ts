import { useEffect, useState } from 'preact/hooks';

export interface Polled<T> {
  readonly value: T | undefined;
  /** A sentence when the latest request failed; the value is then outdated. */
  readonly problem: string | undefined;
}

/** Polls while the component is mounted and the tab is visible. */
export function usePolled<T>(request: () => Promise<T>, everyMs: number): Polled<T> {
  const [state, setState] = useState<Polled<T>>({ value: undefined, problem: undefined });
  useEffect(() => {
    let unmounted = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const poll = async (): Promise<void> => {
      if (document.visibilityState === 'visible') {
        try {
          const value = await request();
          if (!unmounted) setState({ value, problem: undefined });
        } catch (error) {
          if (!unmounted) setState(({ value }) => ({ value, problem: (error as Error).message }));
        }
      }
      if (!unmounted) timer = setTimeout(poll, everyMs);
    };
    void poll();
    return () => {
      unmounted = true;
      clearTimeout(timer);
    };
  }, [request, everyMs]);
  return state;
}

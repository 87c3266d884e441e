import type { JSX } from 'preact';
import type { OrderStep } from '../../src/views.ts';
import { causeOf, factOf, lanes, reasonText } from './facts.ts';
import { formatClock, formatMs } from './format.ts';

/** The steps of an order by time, each with its place in Kafka, how long after its cause it came, and its event. */
export function Timeline({ steps }: { steps: readonly OrderStep[] }): JSX.Element {
  const timed = steps.map((step) => ({ ...step, at: step, time: Date.parse(step.time) }));
  return (
    <ol class="timeline">
      {timed.map((step) => {
        const fact = factOf(step);
        const cause = causeOf(step, timed);
        const reason = (step.data as { reason?: string } | null)?.reason;
        return (
          <li key={`${step.type} ${step.status}`} class={fact?.tone ?? 'going'}>
            <div class="step-head">
              <b>{fact?.label ?? step.status}</b>
              {reason !== undefined && <span>{reasonText(reason)}</span>}
              <span class="quiet">by {fact ? lanes[fact.lane] : 'a service'}</span>
              {cause && (
                <span class="hop num" title={`after ${factOf(cause)?.label}`}>
                  +{formatMs(step.time - cause.time)}
                </span>
              )}
            </div>
            <p class="place mono">
              {formatClock(step.time)} · {step.type}
              {step.partition === null
                ? ' · not seen in its topic yet'
                : ` · partition ${step.partition} · offset ${step.offset}`}
            </p>
            {step.data !== null && (
              <details>
                <summary>{step.type} as JSON</summary>
                <pre>{JSON.stringify(step.data, null, 2)}</pre>
              </details>
            )}
          </li>
        );
      })}
    </ol>
  );
}

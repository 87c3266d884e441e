import type { JSX } from 'preact';
import type { OrderStep } from '../../src/views.ts';
import { formatClock, formatMs } from './format.ts';
import { labelOf, lanes, reasonText } from './labels.ts';
import { causeOf } from './steps.ts';

/** The steps of an order by time, each with its topic, partition and offset, the time since its cause, and its event. */
export function Timeline({ steps }: { steps: readonly OrderStep[] }): JSX.Element {
  const timed = steps.map((step) => ({ ...step, at: step, time: Date.parse(step.time) }));
  return (
    <ol class="timeline">
      {timed.map((step) => {
        const label = labelOf(step);
        const cause = causeOf(step, timed);
        const reason = (step.data as { reason?: string } | null)?.reason;
        return (
          <li key={`${step.type} ${step.status}`} class={label?.tone ?? 'going'}>
            <div class="step-head">
              <b>{label?.text ?? step.status}</b>
              {reason !== undefined && <span>{reasonText(reason)}</span>}
              <span class="quiet">by {label ? lanes[label.lane] : 'a service'}</span>
              {cause && (
                <span class="hop num" title={`after ${labelOf(cause)?.text}`}>
                  +{formatMs(step.time - cause.time)}
                </span>
              )}
            </div>
            <p class="place mono">
              {formatClock(step.time)} · {step.type}
              {step.partition === null
                ? ' · not consumed from its topic yet'
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

import type { JSX } from 'preact';
import type { DeadLetterDetails } from '../../src/views.ts';

type Bytes = DeadLetterDetails['value'];

/** The key, value and headers of a dead letter as text, whatever they contain. */
export function DeadLetterRecord({ details }: { details: DeadLetterDetails }): JSX.Element {
  const { record_key: key, value, headers } = details;
  return (
    <>
      <h3>Key</h3>
      <pre>{textOf(key)}</pre>
      <h3>Value</h3>
      <pre>{pretty(textOf(value))}</pre>
      <h3>Headers</h3>
      <dl class="headers">
        {Object.entries(headers).map(([name, values]) => (
          <div key={name}>
            <dt class="mono">{name}</dt>
            <dd class="mono">{values.map(textOf).join(', ')}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function textOf(bytes: Bytes): string {
  if (bytes === null) return '(none)';
  return 'text' in bytes ? bytes.text : `base64 ${bytes.base64}`;
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

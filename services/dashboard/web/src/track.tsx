import { Component, type JSX } from 'preact';
import { isFinal } from '@order-pipeline/events/order-lifecycle';
import type { FeedStep } from '../../src/views.ts';
import { formatMinor, formatMs, shortId } from './format.ts';
import { labelOf, lanes, reasonText, stateLabels, type Lane } from './labels.ts';
import type { LiveOrder } from './live-model.ts';
import { orderHref } from './route.ts';
import { causeOf, stateAfter } from './steps.ts';

interface TrackProps {
  readonly order: LiveOrder;
  readonly index: number;
  readonly steps: readonly FeedStep[];
  readonly shown: number;
}

/** The row of one order: its card in the current lane, and its steps in the lanes that it has passed. */
export class Track extends Component<TrackProps> {
  override shouldComponentUpdate(next: TrackProps): boolean {
    const { index, steps, shown } = this.props;
    return next.index !== index || next.steps !== steps || next.shown !== shown;
  }

  override render({ order, index, steps, shown }: TrackProps): JSX.Element {
    const visible = steps.slice(0, shown);
    const state = stateAfter(visible);
    const label = stateLabels[state];
    const last = visible.at(-1);
    const lane: Lane = last ? (labelOf(last)?.lane ?? 0) : 0;
    const placed = steps.find(({ type }) => type === 'order_placed');
    const reason = visible.findLast((step) => step.reason !== undefined)?.reason;
    const took = last && placed && last !== placed ? formatMs(last.time - placed.time) : undefined;
    return (
      <li class={`track ${label.tone} ${isFinal(state) ? 'final' : ''}`} style={{ '--row': index }}>
        <span class="rail" aria-hidden="true" />
        {lanes.map((_, at) => (
          <PassedSteps steps={visible.filter((step) => labelOf(step)?.lane === at)} all={visible} />
        ))}
        <a class={`card at-${lanes[lane]}`} href={orderHref(order.id)}>
          <span class="card-head">
            <b>{label.text}</b>
            {reason !== undefined && <span class="reason">{reasonText(reason)}</span>}
          </span>
          {reason === undefined && <span class="card-note">{took ?? 'now'}</span>}
          <span class="card-line">
            <span class="id">{shortId(order.id)}</span>
            <span class="who">{placed?.customer_id}</span>
            {placed && <span class="num">{formatMinor(placed.total_minor ?? 0)}</span>}
          </span>
        </a>
      </li>
    );
  }
}

function PassedSteps({ steps, all }: { steps: readonly FeedStep[]; all: readonly FeedStep[] }): JSX.Element {
  const last = steps.at(-1);
  const label = last && labelOf(last);
  if (!last || !label) return <span class="passed" />;
  const cause = causeOf(last, all);
  const since = cause ? `+${formatMs(last.time - cause.time)}` : last.shipping_address;
  return (
    <span class={`passed ${label.tone}`}>
      <span class="passed-label">{steps.map((step) => labelOf(step)?.text).join(', then ')}</span>
      <span class="passed-note num">
        {last.reason ? reasonText(last.reason) : since}
        {last.product_id ? ` · ${last.product_id}` : ''}
      </span>
    </span>
  );
}

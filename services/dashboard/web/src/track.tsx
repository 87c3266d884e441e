import { Component, type JSX } from 'preact';
import type { FeedStep } from '../../src/views.ts';
import { causeOf, factName, factOf, lanes, reasonText, standings, stateOf, type Fact, type Lane } from './facts.ts';
import { formatMinor, formatMs, shortId } from './format.ts';
import type { LiveOrder } from './live-model.ts';
import { orderHref } from './route.ts';

interface TrackProps {
  readonly order: LiveOrder;
  readonly index: number;
  readonly steps: readonly FeedStep[];
  readonly shown: number;
}

/** One order across the lanes: its card where it is now, and behind it what happened in the lanes that it passed. */
export class Track extends Component<TrackProps> {
  override shouldComponentUpdate(next: TrackProps): boolean {
    const { index, steps, shown } = this.props;
    return next.index !== index || next.steps !== steps || next.shown !== shown;
  }

  override render({ order, index, steps, shown }: TrackProps): JSX.Element {
    const visible = steps.slice(0, shown);
    const names = new Set(visible.map(factName));
    const state = stateOf((fact) => names.has(fact));
    const standing = standings[state];
    const last = visible.at(-1);
    const lane: Lane = last ? (factOf(last)?.lane ?? 0) : 0;
    const placed = steps.find(({ type }) => type === 'order_placed');
    const reason = visible.findLast((step) => step.reason !== undefined)?.reason;
    const took = last && placed && last !== placed ? formatMs(last.time - placed.time) : undefined;
    return (
      <li class={`track ${standing.tone} ${standing.ended ? 'ended' : ''}`} style={{ '--row': index }}>
        <span class="rail" aria-hidden="true" />
        {lanes.map((_, at) => (
          <Footprint steps={visible.filter((step) => factOf(step)?.lane === at)} all={visible} />
        ))}
        <a class={`card at-${lanes[lane]}`} href={orderHref(order.id)}>
          <span class="card-head">
            <b>{standing.label}</b>
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

function Footprint({ steps, all }: { steps: readonly FeedStep[]; all: readonly FeedStep[] }): JSX.Element {
  const last = steps.at(-1);
  const fact: Fact | undefined = last && factOf(last);
  if (!last || !fact) return <span class="print" />;
  const cause = causeOf(last, all);
  const since = cause ? `+${formatMs(last.time - cause.time)}` : last.shipping_address;
  return (
    <span class={`print ${fact.tone}`}>
      <span class="print-label">{steps.map((step) => factOf(step)?.label).join(', then ')}</span>
      <span class="print-note num">
        {last.reason ? reasonText(last.reason) : since}
        {last.product_id ? ` · ${last.product_id}` : ''}
      </span>
    </span>
  );
}

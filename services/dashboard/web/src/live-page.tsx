import type { JSX } from 'preact';
import { openStates } from '@order-pipeline/events/order-lifecycle';
import { formatCount, formatMs, formatRate, plural } from './format.ts';
import { LaneHead } from './lane-head.tsx';
import { quantile } from './live-model.ts';
import { frame, model } from './live-store.ts';
import { OrderForm } from './order-form.tsx';
import { Track } from './track.tsx';

export function LivePage(): JSX.Element {
  return (
    <div class="live-view">
      <section class="flow" aria-labelledby="flow-title">
        <div class="flow-head">
          <h1 id="flow-title">Orders on their way</h1>
          <Sampling />
        </div>
        <Totals />
        <Lanes />
      </section>
      <OrderForm />
    </div>
  );
}

function Sampling(): JSX.Element | null {
  void frame.value;
  const nowMs = performance.now();
  if (!model.isSampling(nowMs)) return null;
  const rate = formatRate(model.placed.perSecond(3, nowMs));
  return <p class="quiet num">{rate} orders per second: the lanes count all of them, the cards are a sample.</p>;
}

function Totals(): JSX.Element {
  void frame.value;
  const { states, latencies } = model;
  const open = openStates.reduce((sum, state) => sum + states[state], 0);
  const p50 = quantile(latencies, 0.5);
  const p95 = quantile(latencies, 0.95);
  return (
    <dl class="totals">
      <Total name="on their way" value={open} tone="going" />
      <Total name="shipped" value={states.SHIPPED} tone="good" />
      <Total name="refunded" value={states.REFUNDED} tone="undone" />
      <Total name="declined" value={states.PAYMENT_DECLINED} tone="refused" />
      <Total name="cancelled" value={states.CANCELLED} tone="stopped" />
      {p50 !== undefined && p95 !== undefined && (
        <div class="total latency">
          <dt>placed to shipped, p50 and p95</dt>
          <dd class="num">
            {formatMs(p50)} <span class="quiet">/</span> {formatMs(p95)}
          </dd>
        </div>
      )}
    </dl>
  );
}

function Total({ name, value, tone }: { name: string; value: number; tone: string }): JSX.Element {
  return (
    <div class={`total ${tone}`}>
      <dt>{name}</dt>
      <dd class="num">{formatCount(value)}</dd>
    </div>
  );
}

const lastLane = 3;

function Lanes(): JSX.Element {
  void frame.value;
  const nowMs = performance.now();
  const { rows } = model;
  return (
    <div class="lanes">
      <div class="lane-heads">
        {model.lanes.map((lane, index) => (
          <LaneHead
            key={index}
            index={index}
            count={index === lastLane ? model.states.SHIPPED : lane.openOrders}
            rate={lane.rate}
            nowMs={nowMs}
          />
        ))}
      </div>
      {rows.length === 0 && (
        <p class="empty">
          There are no orders yet. Place one and watch it move from lane to lane: each step is an event in Kafka.
        </p>
      )}
      <ol class="tracks" style={{ '--rows': model.maxRows }} aria-label={plural(rows.length, 'latest order')}>
        {rows.map((order, index) => (
          <Track key={order.id} order={order} index={index} steps={order.path} shown={order.shown} />
        ))}
      </ol>
    </div>
  );
}

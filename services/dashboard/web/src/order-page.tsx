import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OrderPage as OrderDocument, OrderStep } from '../../src/views.ts';
import { cancelOrder, getOrder } from './api.ts';
import { causeOf, factOf, lanes, reasonText, standings, type Standing, type State } from './facts.ts';
import { onFeed } from './feed.ts';
import { formatClock, formatMoment, formatMoney, formatMs } from './format.ts';

/** The services may know a moment later what the feed tells at once. */
const refreshAfterMs = 150;

export function OrderPage({ orderId }: { orderId: string }): JSX.Element {
  const [found, setFound] = useState<OrderDocument | undefined>(undefined);
  const [problem, setProblem] = useState<string | undefined>(undefined);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async (): Promise<void> => {
      timer = undefined;
      try {
        setFound(await getOrder(orderId));
        setProblem(undefined);
      } catch (error) {
        setProblem((error as Error).message);
      }
    };
    void load();
    const stop = onFeed({
      onSteps(steps) {
        if (steps.some((step) => step.order_id === orderId)) timer ??= setTimeout(load, refreshAfterMs);
      },
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [orderId]);

  const cancel = async (): Promise<void> => {
    try {
      await cancelOrder(orderId);
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };

  const order = found?.order.body;
  const standing: Standing | undefined = order ? standings[order.status as State] : undefined;
  return (
    <article class="order-view">
      <header class="view-head">
        <p class="crumb">
          <a href="#/">Live</a> / Order
        </p>
        <h1 class="mono">{orderId}</h1>
        {order && standing && (
          <div class="head-line">
            <span class={`badge ${standing.tone}`}>{standing.label}</span>
            {order.reason !== undefined && <span>{reasonText(order.reason)}</span>}
            <span class="quiet">placed {formatMoment(order.created_at)}</span>
            {!standing.ended && (
              <button type="button" onClick={() => void cancel()}>
                Cancel the order
              </button>
            )}
          </div>
        )}
        <div role="status">
          {problem !== undefined && <p class="problem">{problem}</p>}
          {found?.order.problem && <p class="problem">{found.order.problem}</p>}
        </div>
      </header>
      {found && (
        <div class="order-columns">
          <section aria-labelledby="timeline-title">
            <h2 id="timeline-title">Timeline</h2>
            <Timeline steps={found.steps} />
          </section>
          <aside aria-label="What the services know">
            <Details found={found} />
          </aside>
        </div>
      )}
    </article>
  );
}

function Timeline({ steps }: { steps: readonly OrderStep[] }): JSX.Element {
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

function Details({ found }: { found: OrderDocument }): JSX.Element {
  const { order, payment, shipment, steps, trace } = found;
  const reservation = steps.filter(({ type }) => type === 'inventory_updated');
  return (
    <>
      {order.body && (
        <Facts
          title="Order"
          rows={[
            ...order.body.items.map(({ product_id, quantity, price }): [string, string] => [
              product_id,
              `${quantity} × ${formatMoney(price)}`,
            ]),
            ['Total', formatMoney(order.body.total_amount)],
            ['Customer', order.body.customer_id],
            ['Ships to', order.body.shipping_address],
          ]}
        />
      )}
      <Facts
        title="Payment"
        problem={payment.problem}
        rows={
          payment.body
            ? [
                ['State', payment.body.status],
                ['Amount', formatMoney(payment.body.amount)],
                ...(payment.body.reason === undefined ? [] : [pair('Reason', reasonText(payment.body.reason))]),
                ['Since', formatMoment(payment.body.timestamp)],
              ]
            : []
        }
      />
      <Facts
        title="Reservation"
        rows={reservation.map(({ status, time, data }) => {
          const { reason } = (data ?? {}) as { reason?: string };
          return [status, `${formatClock(time)}${reason === undefined ? '' : `, ${reasonText(reason)}`}`];
        })}
      />
      <Facts
        title="Shipment"
        problem={shipment.problem}
        rows={
          shipment.body
            ? [
                ['State', shipment.body.status],
                ['Tracking', shipment.body.tracking_number ?? '–'],
                ...(shipment.body.estimated_delivery === null
                  ? []
                  : [pair('Expected', formatMoment(shipment.body.estimated_delivery))]),
              ]
            : []
        }
      />
      <section class="facts">
        <h2>Trace</h2>
        {trace === null && <p class="quiet">none</p>}
        {trace !== null && trace.url !== null && (
          <a href={trace.url} class="mono" rel="noreferrer">
            {trace.trace_id}
          </a>
        )}
        {trace !== null && trace.url === null && <p class="mono">{trace.trace_id}</p>}
      </section>
    </>
  );
}

const pair = (name: string, value: string): [string, string] => [name, value];

function Facts(props: {
  title: string;
  rows: readonly (readonly [string, string])[];
  problem?: string | null;
}): JSX.Element {
  const { title, rows, problem } = props;
  return (
    <section class="facts">
      <h2>{title}</h2>
      {problem && <p class="problem">{problem}</p>}
      {rows.length === 0 && !problem && <p class="quiet">nothing yet</p>}
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

import type { JSX } from 'preact';
import { isFinal } from '@order-pipeline/events/order-lifecycle';
import type { OrderPage } from '../../src/views.ts';
import { formatClock, formatMoment, formatMoney } from './format.ts';
import { knownState, reasonText } from './labels.ts';

/** The documents of the services about the order, or why one could not be read. */
export function OrderDetails({ found }: { found: OrderPage }): JSX.Element {
  const { order, payment, shipment, steps, trace } = found;
  const reservation = steps.filter(({ type }) => type === 'inventory_updated');
  const state = order.body ? knownState(order.body.status) : undefined;
  const nothing = state && isFinal(state) ? 'none' : 'nothing yet';
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
        nothing={nothing}
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
        nothing={nothing}
        rows={reservation.map(({ status, time, data }) => {
          const { reason } = (data ?? {}) as { reason?: string };
          return [status, `${formatClock(time)}${reason === undefined ? '' : `, ${reasonText(reason)}`}`];
        })}
      />
      <Facts
        title="Shipment"
        nothing={nothing}
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
  /** The text when there is no row. */
  nothing?: string;
  problem?: string | null;
}): JSX.Element {
  const { title, rows, nothing, problem } = props;
  return (
    <section class="facts">
      <h2>{title}</h2>
      {problem && <p class="problem">{problem}</p>}
      {rows.length === 0 && !problem && <p class="quiet">{nothing}</p>}
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

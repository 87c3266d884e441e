import type { JSX } from 'preact';
import { isFinal } from '@order-pipeline/events/order-lifecycle';
import type { OrderPage } from '../../src/views.ts';
import { formatClock, formatMoment, formatMoney } from './format.ts';
import { knownState, reasonText } from './labels.ts';

type Row = readonly [name: string, value: string];
type Document<Name extends 'order' | 'payment' | 'shipment'> = NonNullable<OrderPage[Name]['body']>;

/** The documents of the services about the order, or why one could not be read. */
export function OrderDetails({ found }: { found: OrderPage }): JSX.Element {
  const { order, payment, shipment, steps, trace } = found;
  const state = order.body ? knownState(order.body.status) : undefined;
  const nothing = state && isFinal(state) ? 'none' : 'nothing yet';
  return (
    <>
      {order.body && <Facts title="Order" rows={orderRows(order.body)} />}
      <Facts
        title="Payment"
        nothing={nothing}
        problem={payment.problem}
        rows={payment.body ? paymentRows(payment.body) : []}
      />
      <Facts title="Reservation" nothing={nothing} rows={reservationRows(steps)} />
      <Facts
        title="Shipment"
        nothing={nothing}
        problem={shipment.problem}
        rows={shipment.body ? shipmentRows(shipment.body) : []}
      />
      <Trace trace={trace} />
    </>
  );
}

function orderRows({ items, total_amount, customer_id, shipping_address }: Document<'order'>): Row[] {
  return [
    ...items.map(({ product_id, quantity, price }): Row => [product_id, `${quantity} × ${formatMoney(price)}`]),
    ['Total', formatMoney(total_amount)],
    ['Customer', customer_id],
    ['Ships to', shipping_address],
  ];
}

function paymentRows({ status, amount, reason, timestamp }: Document<'payment'>): Row[] {
  const reasonRows: Row[] = reason === undefined ? [] : [['Reason', reasonText(reason)]];
  return [['State', status], ['Amount', formatMoney(amount)], ...reasonRows, ['Since', formatMoment(timestamp)]];
}

/** The inventory service has no route for one reservation; its events contain what there is to show. */
function reservationRows(steps: OrderPage['steps']): Row[] {
  return steps
    .filter(({ type }) => type === 'inventory_updated')
    .map(({ status, time, data }) => {
      const { reason } = (data ?? {}) as { reason?: string };
      return [status, `${formatClock(time)}${reason === undefined ? '' : `, ${reasonText(reason)}`}`];
    });
}

function shipmentRows({ status, tracking_number, estimated_delivery }: Document<'shipment'>): Row[] {
  const expected: Row[] = estimated_delivery === null ? [] : [['Expected', formatMoment(estimated_delivery)]];
  return [['State', status], ['Tracking', tracking_number ?? '–'], ...expected];
}

function Trace({ trace }: Pick<OrderPage, 'trace'>): JSX.Element {
  return (
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
  );
}

function Facts(props: {
  title: string;
  rows: readonly Row[];
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

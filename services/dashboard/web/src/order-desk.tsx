import type { JSX } from 'preact';
import { computed, signal } from '@preact/signals';
import { cancelOrder, placeOrder, Problem, setStock, type Fault } from './api.ts';
import { catalogueProblem, products, refreshCatalogue } from './catalogue.ts';
import { CataloguePicker } from './catalogue-picker.tsx';
import { draft } from './desk-store.ts';
import { formatMoney, shortId } from './format.ts';
import { draw, model } from './live-store.ts';
import { bodyOf, bodyOfCase, type Case, type OrderBody } from './order-draft.ts';
import { orderHref } from './route.ts';
import { StreamForm } from './stream-form.tsx';

interface Outcome {
  readonly tone: 'good' | 'refused' | 'stopped';
  readonly text: string;
  readonly orderId?: string;
}

const outcome = signal<Outcome | undefined>(undefined);
const faults = signal<readonly Fault[]>([]);
const busy = signal(false);
const body = computed(() => bodyOf(draft.value, products.value));

const cases: readonly { readonly which: Case; readonly title: string; readonly hint: string }[] = [
  { which: 'declined', title: 'Declined', hint: 'The payment refuses this customer.' },
  { which: 'out-of-stock', title: 'Out of stock', hint: 'One piece more than there is: charged, rejected, refunded.' },
  { which: 'price-changed', title: 'Price changed', hint: 'At another price than the catalogue has: refunded.' },
];

/** There may be so much of everything that nothing can run out: then of this product there is none. */
const soldOut = { product_id: 'SOLD-OUT', quantity: 0, price: 9.99 };

async function orderOfCase(which: Case): Promise<OrderBody> {
  const order = bodyOfCase(which, draft.value, products.value);
  if (order) return order;
  const { product_id, ...stock } = soldOut;
  await setStock(product_id, stock);
  await refreshCatalogue();
  return bodyOfCase(which, draft.value, [soldOut])!;
}

async function place(order: OrderBody | Promise<OrderBody>): Promise<void> {
  busy.value = true;
  faults.value = [];
  try {
    const { order_id } = await placeOrder(await order);
    model.follow(order_id, performance.now());
    draw();
    outcome.value = { tone: 'good', text: `Order ${shortId(order_id)} is placed.`, orderId: order_id };
  } catch (error) {
    faults.value = error instanceof Problem ? error.errors : [];
    outcome.value = { tone: 'refused', text: refusalText(error as Error) };
  }
  busy.value = false;
}

const refusalText = (error: Error): string =>
  error instanceof Problem && error.errors.length > 0 ? 'The order service refuses this order:' : error.message;

async function cancel(orderId: string): Promise<void> {
  try {
    await cancelOrder(orderId);
    outcome.value = { tone: 'stopped', text: `Order ${shortId(orderId)} is being cancelled.`, orderId };
  } catch (error) {
    outcome.value = { tone: 'refused', text: (error as Error).message, orderId };
  }
}

export function OrderDesk(): JSX.Element {
  return (
    <section class="desk" aria-labelledby="desk-title">
      <h2 id="desk-title">Place an order</h2>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void place(body.value);
        }}
      >
        {catalogueProblem.value !== undefined && <p class="problem">{catalogueProblem.value}</p>}
        <CataloguePicker />
        <FaultText at="/items" />
        <Field name="customer" label="Customer" at="/customer_id" />
        <Field name="address" label="Shipping address" at="/shipping_address" />
        <button type="submit" class="primary" disabled={busy.value}>
          <span>Place order</span>
          <span class="num">{formatMoney(body.value.total_amount)}</span>
        </button>
        <OutcomeText />
      </form>
      <h3 id="cases-title">See it refuse</h3>
      <div class="cases" role="group" aria-labelledby="cases-title">
        {cases.map(({ which, title, hint }) => (
          <button
            type="button"
            disabled={busy.value || products.value.length === 0}
            title={hint}
            onClick={() => void place(orderOfCase(which))}
          >
            {title}
          </button>
        ))}
      </div>
      <StreamForm />
    </section>
  );
}

function Field({ name, label, at }: { name: 'customer' | 'address'; label: string; at: string }): JSX.Element {
  const faulty = faultsAt(at).length > 0;
  return (
    <div class="field">
      <label for={`order-${name}`}>{label}</label>
      <input
        id={`order-${name}`}
        value={draft.value[name]}
        autocomplete="off"
        aria-invalid={faulty}
        aria-describedby={faulty ? faultId(at) : undefined}
        onInput={({ currentTarget }) => void (draft.value = { ...draft.value, [name]: currentTarget.value })}
      />
      <FaultText at={at} />
    </div>
  );
}

const faultId = (at: string): string => `fault${at.replaceAll('/', '-')}`;
const faultsAt = (at: string): readonly Fault[] =>
  faults.value.filter(({ pointer = '' }) => pointer === `#${at}` || pointer.startsWith(`#${at}/`));

/** What the order service says about a field. */
function FaultText({ at }: { at: string }): JSX.Element | null {
  const found = faultsAt(at);
  if (found.length === 0) return null;
  return (
    <p class="fault" id={faultId(at)}>
      {found.map(({ detail }) => detail).join('; ')}
    </p>
  );
}

const shownFields = ['/items', '/customer_id', '/shipping_address'];

function OutcomeText(): JSX.Element {
  const { tone = 'good', text, orderId } = outcome.value ?? {};
  const others = faults.value.filter(({ pointer = '' }) => !shownFields.some((at) => pointer.startsWith(`#${at}`)));
  return (
    <div class={`outcome ${tone}`} role="status">
      {text !== undefined && <p>{text}</p>}
      {others.map(({ pointer, parameter, detail }) => (
        <p class="fault">
          {pointer ?? parameter}: {detail}
        </p>
      ))}
      {orderId !== undefined && (
        <p class="actions">
          <a href={orderHref(orderId)}>Look at it</a>
          <button type="button" class="link" onClick={() => void cancel(orderId)}>
            Cancel it
          </button>
        </p>
      )}
    </div>
  );
}

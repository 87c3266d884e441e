import type { JSX } from 'preact';
import { computed, signal } from '@preact/signals';
import { cancelOrder, placeOrder, Problem, setStock, type Fault } from './api.ts';
import { catalogueProblem, products, refreshCatalogue } from './catalogue.ts';
import { CataloguePicker } from './catalogue-picker.tsx';
import { draft } from './draft-store.ts';
import { formatMoney, shortId } from './format.ts';
import { model, render } from './live-store.ts';
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
/** Before the catalogue is loaded, every order would be empty. */
const canPlace = computed(() => !busy.value && products.value.length > 0);

const cases: readonly { readonly which: Case; readonly title: string; readonly hint: string }[] = [
  { which: 'declined', title: 'Declined', hint: 'The payment gateway declines this customer.' },
  { which: 'out-of-stock', title: 'Out of stock', hint: 'One piece more than the stock: paid, rejected, refunded.' },
  {
    which: 'price-changed',
    title: 'Price changed',
    hint: 'A price that differs from the catalogue: paid, rejected, refunded.',
  },
];

/** A product without stock, for when the stock of all others is too large to be exceeded. */
const soldOut = { product_id: 'SOLD-OUT', quantity: 0, price: 9.99 };

async function orderOfCase(which: Case): Promise<OrderBody> {
  const order = bodyOfCase(which, draft.value, products.value);
  if (order) return order;
  const { product_id, ...stock } = soldOut;
  await setStock(product_id, stock);
  await refreshCatalogue();
  return bodyOfCase(which, draft.value, [soldOut])!;
}

const rejectionText = (error: Error): string =>
  error instanceof Problem && error.errors.length > 0 ? 'The order service rejects this order:' : error.message;

async function place(order: OrderBody | Promise<OrderBody>): Promise<void> {
  busy.value = true;
  faults.value = [];
  try {
    const { order_id } = await placeOrder(await order);
    model.follow(order_id, performance.now());
    render();
    outcome.value = { tone: 'good', text: `Order ${shortId(order_id)} is placed.`, orderId: order_id };
  } catch (error) {
    faults.value = error instanceof Problem ? error.errors : [];
    outcome.value = { tone: 'refused', text: rejectionText(error as Error) };
  }
  busy.value = false;
}

async function cancel(orderId: string): Promise<void> {
  try {
    await cancelOrder(orderId);
    outcome.value = { tone: 'stopped', text: `Order ${shortId(orderId)} is being cancelled.`, orderId };
  } catch (error) {
    outcome.value = { tone: 'refused', text: (error as Error).message, orderId };
  }
}

const faultId = (at: string): string => `fault${at.replaceAll('/', '-')}`;
const faultsAt = (at: string): readonly Fault[] =>
  faults.value.filter(({ pointer = '' }) => pointer === `#${at}` || pointer.startsWith(`#${at}/`));

export function OrderForm(): JSX.Element {
  return (
    <section class="order-form" aria-labelledby="order-form-title">
      <h2 id="order-form-title">Place an order</h2>
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
        <button type="submit" class="primary" disabled={!canPlace.value}>
          <span>Place order</span>
          <span class="num">{formatMoney(body.value.total_amount)}</span>
        </button>
        <OutcomeText />
      </form>
      <h3 id="cases-title">Place an order that is refused</h3>
      <div class="cases" role="group" aria-labelledby="cases-title">
        {cases.map(({ which, title, hint }) => (
          <button type="button" disabled={!canPlace.value} title={hint} onClick={() => void place(orderOfCase(which))}>
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

/** The faults that the order service has found in a field. */
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
          <a href={orderHref(orderId)}>Show order</a>
          <button type="button" class="link" onClick={() => void cancel(orderId)}>
            Cancel order
          </button>
        </p>
      )}
    </div>
  );
}

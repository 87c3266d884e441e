import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Product } from '../../src/views.ts';
import { setStock } from './api.ts';
import { products, refreshCatalogue, unlisted } from './catalogue.ts';
import { draft } from './draft-store.ts';
import { formatCompact, formatMoney, plural } from './format.ts';

/** Enough for a stream of thousands of orders. */
const restockTo = 100_000;
const fewLeft = 10;

export function CataloguePicker(): JSX.Element {
  const [problem, setProblem] = useState<string | undefined>(undefined);

  const restock = async ({ product_id, price }: Product): Promise<void> => {
    try {
      await setStock(product_id, { quantity: restockTo, price });
      setProblem(undefined);
      await refreshCatalogue();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };

  return (
    <fieldset class="catalogue">
      <legend>Catalogue with live stock</legend>
      <ul>
        {products.value.map((product) => (
          <li key={product.product_id}>
            <span class="product">
              <b>{product.product_id}</b> <span class="quiet num">{formatMoney(product.price)}</span>
            </span>
            <span class={`stock num ${product.quantity <= fewLeft ? 'few' : ''}`}>
              {formatCompact(product.quantity)} left
              {product.quantity <= fewLeft && (
                <button type="button" class="link" onClick={() => void restock(product)}>
                  restock
                </button>
              )}
            </span>
            <Stepper productId={product.product_id} />
          </li>
        ))}
      </ul>
      {unlisted.value > 0 && (
        <p class="quiet unlisted">{plural(unlisted.value, 'product')} of the load tool not listed</p>
      )}
      {problem !== undefined && <p class="fault">{problem}</p>}
    </fieldset>
  );
}

function Stepper({ productId }: { productId: string }): JSX.Element {
  const quantity = draft.value.quantities[productId] ?? 0;
  const set = (to: number): void => {
    const quantities = { ...draft.value.quantities, [productId]: Math.max(0, Math.trunc(to) || 0) };
    draft.value = { ...draft.value, quantities };
  };
  return (
    <span class="stepper">
      <button
        type="button"
        aria-label={`Remove one ${productId}`}
        disabled={quantity === 0}
        onClick={() => set(quantity - 1)}
      >
        −
      </button>
      <input
        class="num"
        inputMode="numeric"
        aria-label={`Quantity of ${productId}`}
        value={quantity}
        onInput={({ currentTarget }) => set(Number(currentTarget.value))}
      />
      <button type="button" aria-label={`Add one ${productId}`} onClick={() => set(quantity + 1)}>
        +
      </button>
    </span>
  );
}

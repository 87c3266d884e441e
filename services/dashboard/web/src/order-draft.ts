/** An order before it is placed: the content of the form, the prepared refused orders, and the request body. Pure. */
import type { Product } from '../../src/views.ts';

export interface Draft {
  readonly customer: string;
  readonly address: string;
  /** Quantities by product id; a product without one is not ordered. */
  readonly quantities: Readonly<Record<string, number>>;
}

export interface OrderBody {
  readonly customer_id: string;
  readonly items: readonly { readonly product_id: string; readonly quantity: number; readonly price: number }[];
  readonly shipping_address: string;
  readonly total_amount: number;
}

/** In cents, because sums of binary fractions are not exact. */
const cents = (amount: number): number => Math.round(amount * 100);

export const totalOf = (items: OrderBody['items']): number =>
  items.reduce((sum, { quantity, price }) => sum + quantity * cents(price), 0) / 100;

export function bodyOf({ customer, address, quantities }: Draft, products: readonly Product[]): OrderBody {
  const items = products.flatMap(({ product_id, price }) => {
    const quantity = quantities[product_id] ?? 0;
    return quantity === 0 ? [] : [{ product_id, quantity, price }];
  });
  return { customer_id: customer, items, shipping_address: address, total_amount: totalOf(items) };
}

export type Case = 'declined' | 'out-of-stock' | 'price-changed';

/** The products of the load tool are not listed, and no stream orders them. */
export const isListed = ({ product_id }: Product): boolean => !product_id.startsWith('LOAD-');

/** The largest quantity of a line, and the amount above which the built-in gateway declines (PAYMENT_DECLINE_OVER). */
const maxQuantity = 10_000;
const declineOverCents = 10_000_00;

const amountOverStock = ({ quantity, price }: Product): number => (quantity + 1) * cents(price);

/**
 * The product whose stock is exceeded with the smallest amount; undefined when each such order would be refused for another
 * reason: too large a quantity for a line, or an amount that is declined.
 */
function scarceProduct(products: readonly Product[]): Product | undefined {
  return products
    .filter((product) => product.quantity < maxQuantity && amountOverStock(product) <= declineOverCents)
    .toSorted((a, b) => amountOverStock(a) - amountOverStock(b))[0];
}

/** An order that the pipeline refuses, for the reason that the case names. Undefined when no product is suited. */
export function bodyOfCase(which: Case, draft: Draft, products: readonly Product[]): OrderBody | undefined {
  const product =
    which === 'out-of-stock' ? scarceProduct(products) : (products.find(({ quantity }) => quantity > 0) ?? products[0]);
  if (!product) return undefined;
  const { product_id, price } = product;
  const quantity = which === 'out-of-stock' ? product.quantity + 1 : 1;
  const itemPrice = which === 'price-changed' ? (cents(price) + 100) / 100 : price;
  const items = [{ product_id, quantity, price: itemPrice }];
  return {
    // The built-in gateway declines customers whose id starts like this.
    customer_id: which === 'declined' ? `DECLINE-${draft.customer || 'CUST001'}` : draft.customer || 'CUST001',
    items,
    shipping_address: draft.address || '123 Main St, City, Country',
    total_amount: totalOf(items),
  };
}

/** The n-th order of a stream: the draft, or, when that is empty, one piece of each product in stock in turn. */
export function bodyOfStream(n: number, draft: Draft, products: readonly Product[]): OrderBody {
  const body = bodyOf(draft, products);
  const inStock = products.filter(({ quantity }) => quantity > 0);
  const choice = inStock.length > 0 ? inStock : products;
  const product = choice[n % Math.max(1, choice.length)];
  if (body.items.length > 0 || !product) return body;
  const items = [{ product_id: product.product_id, quantity: 1, price: product.price }];
  return { ...body, items, total_amount: totalOf(items) };
}

/** An order before it is one: what the form holds, what the cases change about it, and what is sent. Nothing here is drawn. */
import type { Product } from '../../src/views.ts';

export interface Draft {
  readonly customer: string;
  readonly address: string;
  /** Pieces by product id; what is not there is not ordered. */
  readonly quantities: Readonly<Record<string, number>>;
}

export interface OrderBody {
  readonly customer_id: string;
  readonly items: readonly { readonly product_id: string; readonly quantity: number; readonly price: number }[];
  readonly shipping_address: string;
  readonly total_amount: number;
}

/** Cents, because sums of decimals are not decimals. */
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

/** The load tool's own products are thousands of pieces that nobody picks by hand; streams leave them alone, too. */
export const isOnShelf = ({ product_id }: Product): boolean => !product_id.startsWith('LOAD-');

/** The most that a line may ask for, and what the built-in gateway declines by default (PAYMENT_DECLINE_OVER). */
const maxPieces = 10_000;
const declinedOverCents = 10_000_00;

const onePieceTooMany = ({ quantity, price }: Product): number => (quantity + 1) * cents(price);

/**
 * The product of which one piece more than there is makes the smallest order; undefined where each such order would be
 * refused for another reason: too many pieces for a line, or an amount that is declined.
 */
export function scarceProduct(products: readonly Product[]): Product | undefined {
  return products
    .filter((product) => product.quantity < maxPieces && onePieceTooMany(product) <= declinedOverCents)
    .toSorted((a, b) => onePieceTooMany(a) - onePieceTooMany(b))[0];
}

/** Orders that the pipeline must refuse, each in another lane. Undefined without a product for it. */
export function bodyOfCase(which: Case, draft: Draft, products: readonly Product[]): OrderBody | undefined {
  const product =
    which === 'out-of-stock' ? scarceProduct(products) : (products.find(({ quantity }) => quantity > 0) ?? products[0]);
  if (!product) return undefined;
  const { product_id, price } = product;
  const quantity = which === 'out-of-stock' ? product.quantity + 1 : 1;
  const paid = which === 'price-changed' ? (cents(price) + 100) / 100 : price;
  const items = [{ product_id, quantity, price: paid }];
  return {
    // The built-in gateway declines customers of this name.
    customer_id: which === 'declined' ? `DECLINE-${draft.customer || 'CUST001'}` : draft.customer || 'CUST001',
    items,
    shipping_address: draft.address || '123 Main St, City, Country',
    total_amount: totalOf(items),
  };
}

/** The n-th order of a stream: the draft's, or where that has no pieces one piece of each product that there is in turn. */
export function bodyOfStream(n: number, draft: Draft, products: readonly Product[]): OrderBody {
  const body = bodyOf(draft, products);
  const there = products.filter(({ quantity }) => quantity > 0);
  const choice = there.length > 0 ? there : products;
  const product = choice[n % Math.max(1, choice.length)];
  if (body.items.length > 0 || !product) return body;
  const items = [{ product_id: product.product_id, quantity: 1, price: product.price }];
  return { ...body, items, total_amount: totalOf(items) };
}

/** The article's order, for code that runs in jest and for code that does not. */
export interface OrderItem {
  readonly product_id: string;
  readonly quantity: number;
  readonly price: number;
}

export interface NewOrder {
  readonly customer_id: string;
  readonly items: readonly OrderItem[];
  readonly shipping_address: string;
  readonly total_amount: number;
}

/** The order of the article, word for word. */
export const articleOrder: NewOrder = {
  customer_id: 'CUST001',
  items: [
    { product_id: 'P001', quantity: 2, price: 29.99 },
    { product_id: 'P002', quantity: 1, price: 49.99 },
  ],
  shipping_address: '123 Main St, City, Country',
  total_amount: 109.97,
};

/** One event of each kind, as they follow from the article's order: what the documentation shows and tests start from. */
import { currency, totalMinor } from './money.ts';
import type { PipelineEvent } from './schemas.ts';

export const sampleOrderId = '018f8c1e-7a00-7000-8000-0123456789ab';

export function sampleEvents(orderId = sampleOrderId) {
  const order = {
    customer_id: 'CUST001',
    items: [
      { product_id: 'P001', quantity: 2, price_minor: 29_99 },
      { product_id: 'P002', quantity: 1, price_minor: 49_99 },
    ],
    shipping_address: '123 Main St, City, Country',
  };
  const amount_minor = totalMinor(order.items);
  const fact = (second: number) => ({ order_id: orderId, timestamp: `2024-05-18T12:00:0${second}.000Z` });
  return {
    placed: {
      type: 'order_placed',
      data: { ...fact(0), status: 'PENDING', ...order, total_minor: amount_minor, currency },
    },
    cancelling: { type: 'order_cancelled', data: { ...fact(4), status: 'CANCELLING' } },
    paid: { type: 'payment_processed', data: { ...fact(1), status: 'COMPLETED', amount_minor, currency, ...order } },
    declined: {
      type: 'payment_processed',
      data: { ...fact(1), status: 'DECLINED', amount_minor, currency, reason: 'CUSTOMER_DECLINED' },
    },
    refunded: {
      type: 'payment_processed',
      data: { ...fact(3), status: 'REFUNDED', amount_minor, currency, reason: 'INSUFFICIENT_STOCK' },
    },
    reserved: { type: 'inventory_updated', data: { ...fact(2), status: 'RESERVED', ...order } },
    rejected: {
      type: 'inventory_updated',
      data: { ...fact(2), status: 'REJECTED', reason: 'INSUFFICIENT_STOCK', product_id: 'P001' },
    },
    released: { type: 'inventory_updated', data: { ...fact(6), status: 'RELEASED', items: order.items } },
    shipped: {
      type: 'shipment_processed',
      data: {
        ...fact(3),
        status: 'SHIPPED',
        shipment_id: '6f1d0c2e-5b7a-4c3d-9e8f-001122334455',
        tracking_number: 'TRK-0A1B2C3D',
        estimated_delivery: '2024-05-21T12:00:02.000Z',
      },
    },
    shipmentCancelled: { type: 'shipment_processed', data: { ...fact(5), status: 'CANCELLED' } },
  } as const satisfies Record<string, PipelineEvent>;
}

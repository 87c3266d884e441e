/** The input of the model: an order, a stock, and the real decision functions of the four services. */
import * as inventory from '../../services/inventory/src/reservation.ts';
import * as order from '../../services/order/src/order.ts';
import * as payment from '../../services/payment/src/payment.ts';
import * as shipment from '../../services/shipment/src/shipment.ts';

/** The reservation and the stock are written in one transaction, so in the model they are one document. */
export interface Stock {
  readonly products: readonly inventory.Product[];
  readonly reservation: inventory.Reservation | undefined;
}

export const realFunctions = {
  recordFact: order.recordFact,
  cancelOrder: order.cancelOrder,
  nextStep: payment.nextStep,
  afterCharge: payment.afterCharge,
  afterVoid: payment.afterVoid,
  bookStock: inventory.decide,
  decideShipment: shipment.decide,
  shipFromTimer: shipment.shipFromTimer,
};
export type DecisionFunctions = typeof realFunctions;

export interface Scenario {
  readonly customer: string;
  readonly stock: number;
  readonly quantity: number;
  /** With 0 an order ships as soon as the reservation is known. */
  readonly processingMs: number;
}

export const orderId = '01890000-0000-7000-8000-000000000001';
export const startedAt = new Date('2024-02-28T23:59:59.000Z');
const priceMinor = 29_99;

export const placedOrder = ({ customer, quantity }: Scenario) =>
  order.placeOrder({
    orderId,
    now: startedAt,
    customer_id: customer,
    items: [{ product_id: 'P001', quantity, price_minor: priceMinor }],
    shipping_address: '123 Main St',
    currency: 'USD',
    requestHash: '',
  });

export const initialStock = ({ stock }: Scenario): Stock => ({
  products: [{ _id: 'P001', version: 1, quantity: stock, price_minor: priceMinor }],
  reservation: undefined,
});

/** What each service has stored about one order. */
import { services, type ServiceEntry } from '@order-pipeline/events';
import type { Databases, Documents } from '../databases.ts';
import type { Order, Payment, Reservation, Shipment } from '../documents.ts';

export interface OrderDocuments {
  readonly order: Order;
  readonly payment: Payment | undefined;
  readonly reservation: Reservation | undefined;
  readonly shipment: Shipment | undefined;
}

async function find<T>(collection: Documents, orderId: string): Promise<T | undefined> {
  return ((await collection.findOne({ _id: orderId })) as T | null) ?? undefined;
}

export async function readOrder(databases: Databases, orderId: string): Promise<OrderDocuments | undefined> {
  const { orders, payments, updates, shipments } = databases;
  // The order first: the other documents are then never older than it.
  const order = await find<Order>(orders, orderId);
  if (!order) return undefined;
  const [payment, reservation, shipment] = await Promise.all([
    find<Payment>(payments, orderId),
    find<Reservation>(updates, orderId),
    find<Shipment>(shipments, orderId),
  ]);
  return { order, payment, reservation, shipment };
}

/** The services that have stored something about an order that the order service does not know. */
export async function servicesThatKnow(
  { payments, updates, shipments }: Databases,
  orderId: string,
): Promise<string[]> {
  const collections: readonly (readonly [ServiceEntry, Documents])[] = [
    [services.payment, payments],
    [services.inventory, updates],
    [services.shipment, shipments],
  ];
  const known = collections.map(async ([{ name }, collection]) => ((await find(collection, orderId)) ? [name] : []));
  return (await Promise.all(known)).flat();
}

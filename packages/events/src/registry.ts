/**
 * The one description of every service. `npm run generate` derives charts, the deployment, database users, documentation
 * and more from it; the local runner and the tests read it. `npm run new:service` adds an entry.
 */
import { eventTypes, type EventType } from './schemas.ts';

/**
 * What a service is to an order.
 * - `on-path`: the state of an order depends on its events (order-lifecycle.ts).
 * - `reacting`: it acts on events, and no order waits for it: a mailer, which produces nothing, or a loyalty programme.
 * - `reading`: it only shows what the others did, and produces nothing.
 */
export type Role = 'on-path' | 'reacting' | 'reading';

export interface ServiceEntry {
  /** Folder under services/, and the name in `--replicas name=3`. */
  readonly name: string;
  readonly role: Role;
  /** What it does, as a phrase that follows "The <name> service": one line. */
  readonly description: string;
  /** Default HTTP port of the first replica. */
  readonly port: number;
  readonly consumerGroup: string;
  readonly database: string;
  /** Of the database. */
  readonly collections: readonly string[];
  /** Databases beside its own that it reads and writes, with their collections. */
  readonly furtherDatabases?: Readonly<Record<string, readonly string[]>>;
  readonly consumes: readonly EventType[];
  readonly produces: readonly EventType[];
  /** Of the topics of what it produces, where it is not the default. */
  readonly partitions?: Readonly<Partial<Record<EventType, number>>>;
}

export const everyService = {
  order: {
    name: 'order',
    role: 'on-path',
    description: 'accepts orders over HTTP and follows each of them to its final state',
    port: 8001,
    consumerGroup: 'order-service',
    database: 'order_db',
    collections: ['orders'],
    consumes: ['payment_processed', 'inventory_updated', 'shipment_processed'],
    produces: ['order_placed', 'order_cancelled'],
  },
  payment: {
    name: 'payment',
    role: 'on-path',
    description: 'charges each order at most once, and refunds what was charged and is not shipped',
    port: 8002,
    consumerGroup: 'payment-service',
    database: 'payment_db',
    collections: ['payments'],
    // The simulated gateway's ledger, while that is the gateway.
    furtherDatabases: { gateway_db: ['ledger'] },
    consumes: ['order_placed', 'inventory_updated', 'shipment_processed'],
    produces: ['payment_processed'],
  },
  inventory: {
    name: 'inventory',
    role: 'on-path',
    description: 'knows the stock, and reserves the lines of an order all or none',
    port: 8003,
    consumerGroup: 'inventory-service',
    database: 'inventory_db',
    collections: ['inventory', 'updates'],
    consumes: ['payment_processed', 'shipment_processed'],
    produces: ['inventory_updated'],
  },
  shipment: {
    name: 'shipment',
    role: 'on-path',
    description: 'ships what is reserved; the one point of no return for a cancellation',
    port: 8004,
    consumerGroup: 'shipment-service',
    database: 'shipment_db',
    collections: ['shipments'],
    consumes: ['inventory_updated', 'order_cancelled'],
    produces: ['shipment_processed'],
  },
  dashboard: {
    name: 'dashboard',
    role: 'reading',
    description: 'shows orders in progress, partitions, dead letters and health on a page',
    port: 3000,
    consumerGroup: 'dashboard',
    database: 'dashboard_db',
    collections: ['steps', 'counters'],
    consumes: eventTypes,
    produces: [],
  },
} as const satisfies Record<string, ServiceEntry>;

type Entries = typeof everyService;
type NameWith<R extends Role> = { [K in keyof Entries]: Entries[K]['role'] extends R ? K : never }[keyof Entries];

const withRole = <const R extends Role>(role: R): Pick<Entries, NameWith<R>> =>
  Object.fromEntries(Object.entries<ServiceEntry>(everyService).filter(([, entry]) => entry.role === role)) as never;

/** The services that an order passes through. */
export const services = withRole('on-path');

/** Every service but those that only read: a backlog of theirs delays something. */
export const actingServices: readonly ServiceEntry[] = Object.values<ServiceEntry>(everyService).filter(
  ({ role }) => role !== 'reading',
);

/** How the environment variables of a service begin, such as ORDER in ORDER_PORT and ORDER_URL. */
export const variablePrefix = (name: string): string => name.toUpperCase().replaceAll('-', '_');

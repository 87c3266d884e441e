/** The parts of a state of the model, from the registry. */
import { services, type EventType, type ServiceEntry } from '@order-pipeline/events';

const participants = Object.values<ServiceEntry>(services);
export const topics = participants.flatMap(({ produces }) => produces);

type Participant = 'order' | 'payment' | 'inventory' | 'shipment';
interface Consumer {
  readonly service: Participant;
  /** The index of the topic that it reads. */
  readonly log: number;
  readonly topic: EventType;
}
export const consumers: readonly Consumer[] = participants.flatMap(({ name, consumes }) =>
  consumes.map((topic) => ({ service: name as Participant, topic, log: topics.indexOf(topic) })),
);
const numbers = [...consumers.keys()];
export const orders = numbers.filter((consumer) => consumers[consumer]!.service === 'order');
export const others = numbers.filter((consumer) => consumers[consumer]!.service !== 'order');

/** The position of each part in the string of a state. */
export const at = {
  order: 0,
  payment: 1,
  ledger: 2,
  inventory: 3,
  shipment: 4,
  /** Set when a decision threw. */
  error: 5,
  /** 1 while a cancellation is pending: then only the order service takes steps. */
  cancelling: 6,
  formerOwner: 7,
  deadLetters: 8,
  logs: 9,
  positions: 9 + topics.length,
  inFlight: 9 + topics.length + consumers.length,
};
export const documentOf = { order: at.order, payment: at.payment, inventory: at.inventory, shipment: at.shipment };

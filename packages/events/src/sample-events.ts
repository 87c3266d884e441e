/** One event of each kind, as they follow from the article's order: what the documentation shows and tests start from. */
import { samples } from './events/all.ts';
import { sampleOrderId } from './sample-order.ts';

export { sampleOrderId } from './sample-order.ts';

export const sampleEvents = (orderId = sampleOrderId) => samples(orderId);

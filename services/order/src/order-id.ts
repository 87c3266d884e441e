import { randomUUID } from 'node:crypto';

/**
 * A UUID of version 7 (RFC 9562, section 5.7): sorted by time, so lists and indexes follow the order of placing. Its
 * random part and variant come from a random UUID, which Node generates in batches.
 */
export function newOrderId(now: Date): string {
  const time = now.getTime().toString(16).padStart(12, '0');
  const random = randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

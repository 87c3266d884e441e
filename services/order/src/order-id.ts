import { randomFillSync } from 'node:crypto';

const bytes = Buffer.alloc(16);

/** A UUID of version 7 (RFC 9562, section 5.7): ordered by time, so lists and indexes follow the order of placing. */
export function newOrderId(now: Date): string {
  randomFillSync(bytes);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Which page is shown: the part of the address after #, so that every view has an address of its own. */
import { signal } from '@preact/signals';

export type Page = 'live' | 'order' | 'partitions' | 'dead-letters' | 'health';

export interface Route {
  readonly page: Page;
  readonly orderId?: string;
}

export function parseRoute(hash: string): Route {
  const [, name = '', id] = /^#?\/?([a-z-]*)(?:\/([0-9a-f-]+))?/iu.exec(hash) ?? [];
  if (name === 'orders' && id !== undefined) return { page: 'order', orderId: id };
  if (name === 'partitions' || name === 'dead-letters' || name === 'health') return { page: name };
  return { page: 'live' };
}

export const route = signal(parseRoute(location.hash));
export const orderHref = (orderId: string): string => `#/orders/${orderId}`;

addEventListener('hashchange', () => {
  route.value = parseRoute(location.hash);
  scrollTo(0, 0);
  // Whoever reads by ear or by keyboard is at the new page's start, as after any link.
  document.querySelector<HTMLElement>('main')?.focus();
});

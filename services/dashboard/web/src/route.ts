/** Routing by the fragment of the URL, so that every view has a URL of its own. */
import { effect, signal } from '@preact/signals';
import { shortId } from './format.ts';

export type Page = 'live' | 'order' | 'partitions' | 'dead-letters' | 'health';

export interface Route {
  readonly page: Page;
  readonly orderId?: string;
}

function parseRoute(hash: string): Route {
  const [, name = '', id] = /^#?\/?([a-z-]*)(?:\/([0-9a-f-]+))?/iu.exec(hash) ?? [];
  if (name === 'orders' && id !== undefined) return { page: 'order', orderId: id };
  if (name === 'partitions' || name === 'dead-letters' || name === 'health') return { page: name };
  return { page: 'live' };
}

const titles = { live: 'Live', partitions: 'Partitions', 'dead-letters': 'Dead letters', health: 'Health' } as const;

/** The document's title: it distinguishes tabs, bookmarks and history entries, and a screen reader announces it. */
const titleOf = ({ page, orderId = '' }: Route): string =>
  `${page === 'order' ? `Order ${shortId(orderId)}` : titles[page]} – order-pipeline`;

export const route = signal(parseRoute(location.hash));
effect(() => void (document.title = titleOf(route.value)));
export const orderHref = (orderId: string): string => `#/orders/${orderId}`;

addEventListener('hashchange', () => {
  route.value = parseRoute(location.hash);
  scrollTo(0, 0);
  // Keyboard and screen reader continue at the start of the new view, as after any link.
  document.querySelector<HTMLElement>('main')?.focus();
});

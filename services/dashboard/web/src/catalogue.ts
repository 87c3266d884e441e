/** The catalogue with its live stock: read again when the inventory service has published an event. */
import { signal } from '@preact/signals';
import type { Product } from '../../src/views.ts';
import { getCatalogue } from './api.ts';
import { onFeed } from './feed.ts';
import { isListed } from './order-draft.ts';

/** The products that customers order. */
export const products = signal<readonly Product[]>([]);
/** Number of the other products: those of the load tool. */
export const unlisted = signal(0);
/** A sentence while the catalogue cannot be read. */
export const catalogueProblem = signal<string | undefined>(undefined);

const refreshEveryMs = 1_000;

let timer: ReturnType<typeof setTimeout> | undefined;

export async function refreshCatalogue(): Promise<void> {
  try {
    const { items } = await getCatalogue();
    products.value = items.filter(isListed);
    unlisted.value = items.length - products.value.length;
    catalogueProblem.value = undefined;
  } catch (error) {
    catalogueProblem.value = (error as Error).message;
    timer ??= setTimeout(refreshSoon, refreshEveryMs * 2);
  }
}

function refreshSoon(): void {
  timer = undefined;
  if (document.visibilityState === 'visible') void refreshCatalogue();
}

onFeed({
  onSteps(steps) {
    if (steps.some(({ type }) => type === 'inventory_updated')) timer ??= setTimeout(refreshSoon, refreshEveryMs);
  },
});
document.addEventListener('visibilitychange', refreshSoon);
void refreshCatalogue();

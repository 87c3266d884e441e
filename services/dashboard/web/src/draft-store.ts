/** The draft of the order form, kept while the user visits other pages. */
import { signal } from '@preact/signals';
import type { Draft } from './order-draft.ts';

export const draft = signal<Draft>({
  customer: 'CUST001',
  address: '123 Main St, City, Country',
  quantities: { P001: 1 },
});

/**
 * Each product's stock beside its books, summed by the database in one aggregation and so from one snapshot: between the
 * two no order can reserve anything.
 */
import type { Databases } from '../databases.ts';
import type { Source } from './source.ts';

export interface BookedProduct {
  readonly _id: string;
  /** Pieces on hand; null where the product is not in the inventory. */
  readonly on_hand: number | null;
  /** What was set, less what was reserved, and what was released again. */
  readonly booked: number;
}

const pageSize = 1_000;

const isThere = (field: string) => ({ $cond: [{ $gt: [field, null] }, 1, 0] });
const isReserved = { $cond: [{ $eq: ['$reserved.data.status', 'RESERVED'] }, 1, 0] };

const bookings = [
  {
    $project: {
      lines: {
        $cond: [
          { $eq: ['$kind', 'set'] },
          [{ product_id: '$product_id', delta: '$delta' }],
          {
            $map: {
              input: '$lines',
              as: 'line',
              in: {
                product_id: '$$line.product_id',
                delta: { $multiply: ['$$line.quantity', { $subtract: [isThere('$released'), isReserved] }] },
              },
            },
          },
        ],
      },
    },
  },
  { $unwind: '$lines' },
  { $group: { _id: '$lines.product_id', booked: { $sum: '$lines.delta' } } },
];
const stock = { $unionWith: { coll: 'inventory', pipeline: [{ $project: { on_hand: '$quantity' } }] } };
const sideBySide = { $group: { _id: '$_id', booked: { $sum: '$booked' }, on_hand: { $max: '$on_hand' } } };

export function stockSource({ updates, inventory }: Databases, signal: AbortSignal): Source<BookedProduct> {
  const read = async function* (products?: readonly string[]): AsyncGenerator<BookedProduct> {
    const only = products === undefined ? [] : [{ $match: { _id: { $in: products } } }];
    const found = updates.aggregate<BookedProduct>([...bookings, stock, ...only, sideBySide], {
      readConcern: { level: 'snapshot' },
      allowDiskUse: true,
      batchSize: pageSize,
    });
    for await (const product of found) yield product;
  };
  return {
    name: 'products',
    total: () => inventory.estimatedDocumentCount(),
    async scan(onPage) {
      let page: BookedProduct[] = [];
      for await (const product of read()) {
        signal.throwIfAborted();
        page.push(product);
        if (page.length < pageSize) continue;
        await onPage(page);
        page = [];
      }
      if (page.length > 0) await onPage(page);
    },
    async reload(suspects) {
      const products: BookedProduct[] = [];
      for await (const product of read(suspects.map(({ _id }) => _id))) products.push(product);
      return products;
    },
  };
}

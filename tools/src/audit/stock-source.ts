/**
 * Each product's stock on hand, and the stock that its updates add up to. The database computes both in one aggregation
 * with read concern snapshot, so no reservation comes between the two.
 */
import type { Databases } from '../databases.ts';
import type { ProductStock } from './items.ts';
import { pageSize, type Source } from './source.ts';

const isPresent = (field: string) => ({ $cond: [{ $gt: [field, null] }, 1, 0] });
const isReserved = { $cond: [{ $eq: ['$reserved.data.status', 'RESERVED'] }, 1, 0] };

/** The change of stock of each line of an update. */
const changes = {
  $cond: [
    { $eq: ['$kind', 'set'] },
    [{ product_id: '$product_id', delta: '$delta' }],
    {
      $map: {
        input: '$lines',
        as: 'line',
        in: {
          product_id: '$$line.product_id',
          delta: { $multiply: ['$$line.quantity', { $subtract: [isPresent('$released'), isReserved] }] },
        },
      },
    },
  ],
};
const expectedStock = [
  { $project: { lines: changes } },
  { $unwind: '$lines' },
  { $group: { _id: '$lines.product_id', expected: { $sum: '$lines.delta' } } },
];
const stockOnHand = { $unionWith: { coll: 'inventory', pipeline: [{ $project: { on_hand: '$quantity' } }] } };
const joined = { $group: { _id: '$_id', expected: { $sum: '$expected' }, on_hand: { $max: '$on_hand' } } };

export function stockSource({ updates, inventory }: Databases, signal: AbortSignal): Source<ProductStock> {
  const read = (filter: object[] = []) =>
    updates.aggregate<ProductStock>([...expectedStock, stockOnHand, ...filter, joined], {
      readConcern: { level: 'snapshot' },
      allowDiskUse: true,
      batchSize: pageSize,
    });
  return {
    name: 'products',
    total: () => inventory.estimatedDocumentCount(),
    async scan(onPage) {
      let page: ProductStock[] = [];
      for await (const product of read()) {
        signal.throwIfAborted();
        page.push(product);
        if (page.length < pageSize) continue;
        await onPage(page);
        page = [];
      }
      if (page.length > 0) await onPage(page);
    },
    reload: (products) => read([{ $match: { _id: { $in: products.map(({ _id }) => _id) } } }]).toArray(),
  };
}

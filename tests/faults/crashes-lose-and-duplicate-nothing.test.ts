import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { expectConsistency } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { putJson } from '../support/http.ts';
import { orderOf, placeOrders } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';

const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-crash-'));
const crashFile = join(dir, 'crash');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const on = usePipeline({
  restart: true,
  env: {
    CRASH_FILE: crashFile,
    NODE_OPTIONS: `--import ${new URL('./crash-point.mjs', import.meta.url).href}`,
  },
});

/** The points at which a process is killed, each with what it has done and not done by then. */
const points: [point: string, when: string][] = [
  ['order-written-not-relayed', 'after the order is stored, before it is relayed'],
  ['relayed-not-cleared', 'after the relay has published, before it removes the outbox entry'],
  ['effect-durable-not-published', 'in a consumer after the effect, before the publish'],
  ['published-not-committed', 'in a consumer after the publish, before the commit'],
  ['half-of-the-bulk-written', "in the middle of the batch's bulk write"],
  ['inside-the-stock-transaction', "in the inventory's transaction"],
  ['charged-not-recorded', 'between the charge and its record'],
];

const timeoutMs = 120_000;

describe('a process that is killed at', () => {
  test.each(points)(
    '%s (%s) loses and duplicates nothing',
    async (point) => {
      await putJson(on.url('inventory', '/inventory/P001'), { quantity: 10_000, price: 29.99 });
      writeFileSync(crashFile, point);
      const orders = await placeOrders(on, 60, () => orderOf([{ product_id: 'P001', quantity: 1, price: 29.99 }]), {
        clients: 30,
      });
      await eventually(async () => expect(existsSync(`${crashFile}.${point}`)).toBe(true), timeoutMs / 4);
      await expectConsistency(on, orders);
    },
    timeoutMs,
  );
});

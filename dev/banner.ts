import { styleText } from 'node:util';
import type { Auditor } from './auditor.ts';
import type { Pipeline } from './pipeline.ts';

const pages = ['health', 'metrics', 'openapi.json'] as const;

/** The article's order, word for word, and valid against the sample stock. */
const exampleOrder = `curl -X POST URL/orders -H "Content-Type: application/json" -d '{"customer_id": "CUST001", "items": [
  {"product_id": "P001", "quantity": 2, "price": 29.99}, {"product_id": "P002", "quantity": 1, "price": 49.99}],
  "shipping_address": "123 Main St, City, Country", "total_amount": 109.97}'`;

/** The text that `npm start` prints when everything is ready: addresses, and an order to paste. */
export function banner(pipeline: Pipeline, auditor: Pick<Auditor, 'port'>, tookMs: number): string {
  const replicas = Object.values(pipeline.services).flat();
  const local = (port: number): string => `http://localhost:${port}`;
  const rows = [
    ['', 'service', ...pages],
    ...replicas.map(({ name, port }) => [name, local(port), ...pages.map((page) => `${local(port)}/${page}`)]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const order = pipeline.services.order[0];
  const dashboard = pipeline.services.dashboard[0];
  return [
    '',
    styleText('bold', `Ready after ${(tookMs / 1000).toFixed(1)} s`),
    ...(dashboard ? [`Dashboard: ${styleText('bold', local(dashboard.port))}`] : []),
    '',
    styleText('dim', table[0]!),
    ...table.slice(1),
    '',
    `Kafka    ${pipeline.bootstrapServers}`,
    `MongoDB  ${withoutPassword(pipeline.mongoUri)}`,
    `Auditor  ${local(auditor.port)}/metrics (its result: the dashboard's Health)`,
    ...(order ? ['', 'Place an order:', exampleOrder.replace('URL', local(order.port))] : []),
    '',
    'Ctrl-C stops everything and keeps the data.',
    '',
  ].join('\n');
}

function withoutPassword(uri: string): string {
  return uri.replace(/\/\/[^/]*@/, '//…@');
}

/** The script of a load's pod: customers who retry, each order with an Idempotency-Key of its own. */
import { articleOrder } from '../../support/article-order.ts';

export interface LoadScript {
  /** GET /accepted: the number of orders so far; GET /stop: place no more, wait until all are SHIPPED, report and exit. */
  readonly port: number;
  readonly longestSeconds: number;
  readonly perSecond: number;
}

export const loadScript = ({ port, longestSeconds, perSecond }: LoadScript): string => `
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
const pause = (ms) => new Promise((next) => setTimeout(next, ms));
const order = ${JSON.stringify(articleOrder)};
const failed = [];
const ids = [];
let open = 0;
let stopped = false;
async function place() {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() };
  for (const until = Date.now() + 120_000; ; await pause(300)) {
    try {
      const answer = await fetch('http://order:8001/orders', { method: 'POST', headers, body: JSON.stringify(order), signal: AbortSignal.timeout(15_000) });
      const body = await answer.json();
      if (answer.status === 201) return void ids.push(body.order_id);
      failed.push(String(answer.status));
    } catch (error) {
      failed.push(String(error.cause?.code ?? error.cause ?? error));
    }
    if (Date.now() > until) throw new Error('an order was not accepted for two minutes');
  }
}
createServer((request, response) => {
  stopped ||= request.url === '/stop';
  response.setHeader('content-type', 'application/json').end(String(ids.length));
}).listen(${port});
for (const until = Date.now() + ${longestSeconds * 1_000}; !stopped && Date.now() < until; await pause(${1_000 / perSecond})) {
  open += 1;
  place().finally(() => (open -= 1));
}
while (open > 0) await pause(50);
const left = new Set(ids);
for (const until = Date.now() + 300_000; left.size > 0; await pause(200)) {
  for (const id of [...left].slice(0, 50)) {
    const answer = await fetch('http://order:8001/orders/' + id).then((answer) => answer.json()).catch(() => undefined);
    if (answer?.status === 'SHIPPED') left.delete(id);
    else if (Date.now() > until) throw new Error('order ' + id + ' is ' + answer?.status + ' after five minutes');
  }
}
console.log(JSON.stringify({ accepted: ids.length, failed }));
process.exit(0);
`;

/** Orders from inside the cluster, through the Service's address: a port-forward would pin one pod. */
import { objectsOf, only, renderChart } from '../../manifests/render.ts';
import { waitFor } from '../../../dev/wait-for.ts';
import { articleOrder } from '../../support/orders.ts';
import { version } from './images.ts';
import { apply, get, kubectl, podResult } from './kubectl.ts';

export interface LoadReport {
  readonly accepted: number;
  /** Each request that was answered with something else than 201, or not at all, whether it was made again or not. */
  readonly failed: readonly string[];
}

export interface Load {
  /** Lets it go on to the end, and waits until the last order has come to an end too. */
  finish(): Promise<LoadReport>;
}

/** What the pod runs: customers who insist, each order under its own Idempotency-Key, until it is told to stop. */
const script = (seconds: number, perSecond: number): string => `
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
const pause = (ms) => new Promise((next) => setTimeout(next, ms));
const order = ${JSON.stringify(articleOrder)};
const failed = [];
const ids = [];
let open = 0;
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
createServer((_, response) => response.end(String(ids.length))).listen(8080);
for (const until = Date.now() + ${seconds * 1_000}; Date.now() < until; await pause(${1_000 / perSecond})) {
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

/** Starts a pod that places orders for some seconds; resolves once it does. */
export async function startLoad(name: string, seconds: number, perSecond = 20): Promise<Load> {
  // The pod of the chart's own test, with another script: allowed to ask over HTTP, restricted, node and nothing else.
  const pod = only(objectsOf(await renderChart('order', '--set', `image.tag=${version}`)), 'Pod');
  const [container] = pod['spec'].containers;
  Object.assign(pod.metadata, { name, annotations: {} });
  container.args = ['--input-type=module', '--eval', script(seconds, perSecond)];
  container.resources = { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } };
  container.readinessProbe = { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 };
  await kubectl('delete', 'pod', name, '--ignore-not-found', '--wait');
  await apply(JSON.stringify(pod));
  await waitFor(
    async () => {
      const { status } = await get('pod', name);
      const ready = status.conditions?.some(
        ({ type, status }: Record<string, string>) => type === 'Ready' && status === 'True',
      );
      return ready || status.phase === 'Succeeded' ? true : undefined;
    },
    { what: `the load ${name}`, timeoutMs: 120_000, pollMs: 300 },
  );
  return {
    async finish() {
      const log = await podResult(name, (seconds + 480) * 1_000);
      await kubectl('delete', 'pod', name);
      return JSON.parse(log.trim().split('\n').at(-1)!) as LoadReport;
    },
  };
}

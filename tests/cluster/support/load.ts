/** Places orders from inside the cluster, through the Service: a port-forward would use only one pod. */
import { waitFor } from '../../../dev/wait-for.ts';
import { objectsOf, only, renderChart } from '../../manifests/render.ts';
import { request } from '../../support/http.ts';
import { version } from './images.ts';
import { apply, kubectl, podResult, portForward } from './kubectl.ts';
import { loadScript } from './load-script.ts';

interface LoadReport {
  readonly accepted: number;
  /** Those that were placed after `finish` was called: the load continued until the end of the test. */
  readonly acceptedAfterwards: number;
  /** Each request without a response of status 201, whether it was retried or not. */
  readonly failed: readonly string[];
}

export interface Load extends AsyncDisposable {
  /** Waits for some more orders, stops the load, and waits until the last order is SHIPPED. */
  finish(): Promise<LoadReport>;
}

/** For a test that failed and did not stop the load; much longer than any test. */
const longestSeconds = 900;
const afterwards = 40;
const port = 8080;

/** Starts a pod that places orders until it is stopped; resolves once the first ones are accepted. */
export async function startLoad(name: string, perSecond = 20): Promise<Load> {
  // The pod of the chart's own test with another script: it is restricted, contains only node, and may send HTTP requests.
  const pod = only(objectsOf(await renderChart('order', '--set', `image.tag=${version}`)), 'Pod');
  const [container] = pod['spec'].containers;
  Object.assign(pod.metadata, { name, annotations: {} });
  container.args = ['--input-type=module', '--eval', loadScript({ port, longestSeconds, perSecond })];
  container.resources = { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } };
  await kubectl('delete', 'pod', name, '--ignore-not-found', '--wait');
  await apply(JSON.stringify(pod));
  await kubectl('wait', `pod/${name}`, '--for=jsonpath={.status.phase}=Running', '--timeout=120s');
  const getNumber = async (path: string): Promise<number> => {
    await using forward = await portForward(`pod/${name}`, port);
    return (await request<number>(`http://127.0.0.1:${forward.port}${path}`)).body;
  };
  const untilAccepted = (count: number): Promise<true> =>
    waitFor(async () => ((await getNumber('/accepted')) >= count ? true : undefined), {
      what: `the load ${name} with ${count} orders`,
      timeoutMs: 120_000,
      pollMs: 300,
    });
  await untilAccepted(1);
  return {
    async finish() {
      const before = await getNumber('/accepted');
      await untilAccepted(before + afterwards);
      await getNumber('/stop');
      const log = await podResult(name, 480_000);
      const report = JSON.parse(log.trim().split('\n').at(-1)!) as Omit<LoadReport, 'acceptedAfterwards'>;
      return { ...report, acceptedAfterwards: report.accepted - before };
    },
    async [Symbol.asyncDispose]() {
      await kubectl('delete', 'pod', name, '--ignore-not-found', '--grace-period=1');
    },
  };
}

/** The pipeline with its dashboard for one test file; builds the page first. */
import { beforeAll } from '@jest/globals';
import { buildPage } from '../../dev/page-build.ts';
import { putJson } from '../support/http.ts';
import { usePipeline, type TestPipeline } from '../support/pipeline.ts';

const buildLimitMs = 120_000;

export interface TestDashboard extends TestPipeline {
  /** URL of a view of the page, such as `#/health`. */
  view(hash?: string): string;
}

export function useDashboard(env: NodeJS.ProcessEnv = {}): TestDashboard {
  beforeAll(() => buildPage(() => {}), buildLimitMs);
  const on = usePipeline({ replicas: { dashboard: 1 }, env });
  return {
    get pipeline() {
      return on.pipeline;
    },
    get mongo() {
      return on.mongo;
    },
    get kafka() {
      return on.kafka;
    },
    url: on.url,
    view: (hash = '#/') => `${on.pipeline.services.dashboard[0]!.url}/${hash}`,
  };
}

/** Sets the stock of the sample products so high that no test exhausts it. */
export async function fillStock(on: TestPipeline): Promise<void> {
  const prices = { P001: 29.99, P002: 49.99, P003: 19.99 };
  for (const [id, price] of Object.entries(prices)) {
    await putJson(on.url('inventory', `/inventory/${id}`), { quantity: 1_000_000, price });
  }
}

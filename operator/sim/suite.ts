import { defaultSpec, type ScalerSpec } from '../src/decide/resource.ts';
import { behindHpa } from './behind-hpa.ts';
import { generateTraffic } from './consumer-group.ts';
import { consumerScaler } from './scaler-policy.ts';
import type { Row } from './report.ts';
import { alwaysAll, kedaWithHpa, lagPerThreshold, type Policy } from './rivals.ts';
import { simulate } from './simulate.ts';
import { buildWorkload, capacityPerSecond, workloads } from './workloads.ts';

/** The resource with the defaults of its schema. */
export const spec: ScalerSpec = { ...defaultSpec, topics: ['records'] };
const { maxAgeSeconds } = spec.objective;
/**
 * KEDA's threshold, chosen before our policy was tuned: what a replica processes in half the allowed age. It is generous,
 * because a user of KEDA would have to know this capacity. `--sweep` shows the results of other thresholds.
 */
const lagThreshold = (capacityPerSecond * maxAgeSeconds) / 2;

export const ours = 'consumer scaler';
export const keda = 'KEDA + HPA';
export const rivals: Record<string, () => Policy> = {
  [ours]: () => consumerScaler(spec),
  [keda]: () => kedaWithHpa(lagThreshold, 1),
  'lag/threshold': () => lagPerThreshold(lagThreshold, 1),
  'all replicas': () => alwaysAll(),
};
export const sweep: Record<string, () => Policy> = { [ours]: () => consumerScaler(spec) };
for (const seconds of [2, 5, 10, 15, 30, 60]) {
  sweep[`KEDA, ${seconds} s`] = () => kedaWithHpa(capacityPerSecond * seconds, 1);
  sweep[`KEDA even, ${seconds} s`] = () => kedaWithHpa(capacityPerSecond * seconds, 1, true);
}

export const throughKeda: Record<string, () => Policy> = {
  [ours]: () => consumerScaler(spec),
  'behind an HPA, immediate': () => behindHpa(consumerScaler(spec), 'immediate'),
  'behind an HPA, defaults': () => behindHpa(consumerScaler(spec), 'default'),
  [keda]: () => kedaWithHpa(lagThreshold, 1),
};

/** Every workload under every policy, on the same traffic. */
export const runSuite = (policies: Record<string, () => Policy>, seeds: readonly number[]): Row[] =>
  Object.keys(workloads).flatMap((workload) => {
    const traffic = seeds.map((seed) => generateTraffic(buildWorkload(workload, seed), seed));
    return Object.entries(policies).map(([policy, build]) => ({
      workload,
      policy,
      outcomes: traffic.map((one) => simulate(one, build(), maxAgeSeconds)),
    }));
  });

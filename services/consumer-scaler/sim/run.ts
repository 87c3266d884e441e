import { generateTraffic } from './consumer-group.ts';
import { alwaysAll, kedaWithHpa, lagPerThreshold, type Policy } from './rivals.ts';
import { defaultSpec, type ScalerSpec } from '../src/resource.ts';
import { consumerScaler } from './ours.ts';
import { suiteTable, table, type Row } from './report.ts';
import { simulate } from './simulate.ts';
import { buildWorkload, capacityPerSecond, heldOutSeeds, trainingSeeds, workloads } from './workloads.ts';

const maxAgeSeconds = 60;
/**
 * KEDA's threshold, chosen before our policy was tuned: what a replica does in half the allowed age. It is generous, for
 * a user of KEDA has to know his replica's capacity to write it down. `--sweep` shows what other thresholds would do.
 */
const lagThreshold = (capacityPerSecond * maxAgeSeconds) / 2;

const spec: ScalerSpec = { ...defaultSpec, topics: ['records'] };

const policies: Record<string, () => Policy> = {
  'consumer scaler': () => consumerScaler(spec),
  'KEDA + HPA': () => kedaWithHpa(lagThreshold, 1),
  'lag/threshold': () => lagPerThreshold(lagThreshold, 1),
  'all replicas': () => alwaysAll(),
};

const seeds = process.argv.includes('--training') ? trainingSeeds : heldOutSeeds;
const rows: Row[] = Object.keys(workloads).flatMap((workload) => {
  const traffic = seeds.map((seed) => generateTraffic(buildWorkload(workload, seed), seed));
  return Object.entries(policies).map(([policy, build]) => ({
    workload,
    policy,
    outcomes: traffic.map((one) => simulate(one, build(), maxAgeSeconds)),
  }));
});
process.stdout.write(`${table(rows)}\n\n${suiteTable(rows)}\n`);

import { mkdirSync, writeFileSync } from 'node:fs';
import { defaultSpec, type ScalerSpec } from '../src/resource.ts';
import { predictBurst } from './burst.ts';
import { generateTraffic } from './consumer-group.ts';
import { consumerScaler } from './ours.ts';
import { plot, ratios, suiteTable, table, type Row } from './report.ts';
import { alwaysAll, kedaWithHpa, lagPerThreshold, type Policy } from './rivals.ts';
import { simulate } from './simulate.ts';
import { buildWorkload, capacityPerSecond, heldOutSeeds, trainingSeeds, workloads } from './workloads.ts';

/**
 * npm run sim                    every workload and policy on the held-out seeds, as tables
 *   --training                   on the seeds that the policy was tuned on
 *   --sweep                      KEDA's lag threshold from 2 s to 60 s of a replica's work, with and without even distribution
 *   --plots                      draws the first seed of each workload into sim/plots/
 *   --burst '{"records": 6000}'  how long the closed loop takes for one burst; its settings are in burst.ts
 */
const spec: ScalerSpec = { ...defaultSpec, topics: ['records'] };
const { maxAgeSeconds } = spec.objective;
/**
 * KEDA's threshold, chosen before our policy was tuned: what a replica does in half the allowed age. It is generous, for
 * a user of KEDA has to know his replica's capacity to write it down. `--sweep` shows what other thresholds would do.
 */
const lagThreshold = (capacityPerSecond * maxAgeSeconds) / 2;

const ours = 'consumer scaler';
const keda = 'KEDA + HPA';
const rivals: Record<string, () => Policy> = {
  [ours]: () => consumerScaler(spec),
  [keda]: () => kedaWithHpa(lagThreshold, 1),
  'lag/threshold': () => lagPerThreshold(lagThreshold, 1),
  'all replicas': () => alwaysAll(),
};
const sweep: Record<string, () => Policy> = { [ours]: () => consumerScaler(spec) };
for (const seconds of [2, 5, 10, 15, 30, 60]) {
  sweep[`KEDA, ${seconds} s`] = () => kedaWithHpa(capacityPerSecond * seconds, 1);
  sweep[`KEDA even, ${seconds} s`] = () => kedaWithHpa(capacityPerSecond * seconds, 1, true);
}

const print = (text: string) => process.stdout.write(`${text}\n\n`);
const asked = (option: string) => process.argv.includes(option);
const burst = process.argv[process.argv.indexOf('--burst') + 1];
if (asked('--burst') && burst !== undefined) {
  const { drainSeconds, shortestSeconds, longestSeconds, changes } = predictBurst(spec, JSON.parse(burst));
  print(`The burst is worked off after ${shortestSeconds} to ${longestSeconds} s, as a rule ${drainSeconds} s.`);
  for (const { atSeconds, replicas, lag } of changes) print(`${atSeconds} s: ${replicas} replicas, lag ${lag}`);
} else {
  const seeds = asked('--training') ? trainingSeeds : heldOutSeeds;
  const rows: Row[] = Object.keys(workloads).flatMap((workload) => {
    const traffic = seeds.map((seed) => generateTraffic(buildWorkload(workload, seed), seed));
    return Object.entries(asked('--sweep') ? sweep : rivals).map(([policy, build]) => ({
      workload,
      policy,
      outcomes: traffic.map((one) => simulate(one, build(), maxAgeSeconds)),
    }));
  });
  if (!asked('--sweep')) {
    print(table(rows));
    print(`Of ${keda}: ${ratios(rows, ours, keda)}`);
    const others = rows.filter((row) => row.workload !== 'diurnal');
    print(`Of ${keda}, without the day: ${ratios(others, ours, keda)}`);
  }
  print(suiteTable(rows));
  if (asked('--plots')) drawPlots(rows);
}

function drawPlots(rows: readonly Row[]): void {
  mkdirSync(new URL('plots/', import.meta.url), { recursive: true });
  for (const [workload, { about }] of Object.entries(workloads)) {
    const lines = [ours, keda].flatMap((policy) => {
      const outcome = rows.find((row) => row.workload === workload && row.policy === policy)?.outcomes[0];
      return outcome === undefined ? [] : [{ policy, outcome }];
    });
    const file = new URL(`plots/${workload.replaceAll(' ', '-')}.svg`, import.meta.url);
    writeFileSync(file, plot(workload, about, maxAgeSeconds, lines));
  }
}

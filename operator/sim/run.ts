import { mkdirSync, writeFileSync } from 'node:fs';
import { predictBurst } from './burst.ts';
import { fractionsOf, plot, suiteTable, table, type Row } from './report.ts';
import { keda, ours, rivals, runSuite, spec, sweep, throughKeda } from './suite.ts';
import { heldOutSeeds, trainingSeeds, workloads } from './workloads.ts';

/**
 * npm run sim                    every workload and policy on the held-out seeds, as tables
 *   --training                   on the seeds that the policy was tuned on
 *   --against-keda               without the other rivals
 *   --sweep                      KEDA's lag threshold from 2 s to 60 s of a replica's processing, with and without even distribution
 *   --through-keda               our decision as a KEDA external scaler, with an HPA that writes the replicas
 *   --plots                      draws the first seed of each workload into sim/plots/
 *   --burst '{"records": 6000}'  how long the closed loop takes to drain one burst; its settings are in burst.ts
 */
const print = (text: string) => process.stdout.write(`${text}\n\n`);
const given = (option: string) => process.argv.includes(option);
const burst = process.argv[process.argv.indexOf('--burst') + 1];
if (given('--burst') && burst !== undefined) {
  const { drainSeconds, shortestSeconds, longestSeconds, changes } = predictBurst(spec, JSON.parse(burst));
  print(`The burst is drained after ${shortestSeconds} to ${longestSeconds} s, with a median of ${drainSeconds} s.`);
  for (const { atSeconds, replicas, lag } of changes) print(`${atSeconds} s: ${replicas} replicas, lag ${lag}`);
} else {
  const pair = { [ours]: rivals[ours]!, [keda]: rivals[keda]! };
  const choices = { '--sweep': sweep, '--through-keda': throughKeda, '--against-keda': pair };
  const policies = Object.entries(choices).find(([option]) => given(option))?.[1] ?? rivals;
  const rows = runSuite(policies, given('--training') ? trainingSeeds : heldOutSeeds);
  if (!given('--sweep')) {
    print(table(rows));
    print(`Of ${keda}: ${percentages(rows)}`);
    print(`Of ${keda}, without the day: ${percentages(rows.filter((row) => row.workload !== 'diurnal'))}`);
  }
  print(suiteTable(rows));
  if (given('--plots')) drawPlots(rows);
}

function percentages(rows: readonly Row[]): string {
  const { secondsLate, replicaHours, rebalances } = fractionsOf(rows, ours, keda);
  const percent = (fraction: number) => `${(fraction * 100).toFixed(0)} %`;
  return `seconds late ${percent(secondsLate)}, replica-hours ${percent(replicaHours)}, rebalances ${percent(rebalances)}`;
}

function drawPlots(rows: readonly Row[]): void {
  mkdirSync(new URL('plots/', import.meta.url), { recursive: true });
  for (const [workload, { about }] of Object.entries(workloads)) {
    const lines = [ours, keda].flatMap((policy) => {
      const outcome = rows.find((row) => row.workload === workload && row.policy === policy)?.outcomes[0];
      return outcome === undefined ? [] : [{ policy, outcome }];
    });
    const file = new URL(`plots/${workload.replaceAll(' ', '-')}.svg`, import.meta.url);
    writeFileSync(file, plot(workload, about, spec.objective.maxAgeSeconds, lines));
  }
}

/**
 * `npm run faults:mutants`: deliberate defects, one at a time, in a copy of this repository. Each must make the test that
 * guards its promise fail; one that survives is a hole in the tests.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Mutant {
  readonly defect: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The test that has to fail. */
  readonly caughtBy: string;
}

const crashes = 'tests/faults/a-crash-at-any-point-loses-and-doubles-nothing.test.ts';
const engines = 'tests/faults/losing-replicas-of-the-engines-loses-nothing.test.ts';

const mutants: readonly Mutant[] = [
  {
    defect: 'offsets are committed before the effect',
    file: 'packages/messaging/src/consumer.ts',
    find: '      await processChunk(',
    replace: '      await commitOffsetsIfNecessary({ topics: nextOffsets(slices) });\n      await processChunk(',
    caughtBy: crashes,
  },
  {
    defect: 'a duplicate skips publishing',
    file: 'packages/outbox/src/fold-chunk.ts',
    find: "if (decision.outcome !== 'ignored') events.push(...decision.events);",
    replace: "if (decision.outcome === 'accepted') events.push(...decision.events);",
    caughtBy: crashes,
  },
  {
    defect: 'the stock is decremented whatever it has become meanwhile',
    file: 'services/inventory/src/inventory-repository.ts',
    find: 'filter: { _id: after._id, version: after.version, quantity: { $gte: -delta } },',
    replace: 'filter: { _id: after._id },',
    caughtBy: 'tests/e2e/hot-product-is-never-oversold.test.ts',
  },
  {
    defect: 'a write is acknowledged by one member alone (w: 1)',
    file: 'packages/outbox/src/mongo.ts',
    find: "writeConcern: { w: 'majority', journal: true, wtimeoutMS: 10_000 },",
    replace: 'writeConcern: { w: 1 },',
    caughtBy: engines,
  },
  {
    defect: 'the sweep is dropped',
    file: 'packages/outbox/src/relay.ts',
    find: '      sweeping = sweepForever();',
    replace: '',
    caughtBy: crashes,
  },
  {
    defect: 'an outage is held against the message',
    file: 'packages/messaging/src/chunk-processor.ts',
    find: '        if (!isOutage(error)) throw error;',
    replace: '        throw error;',
    caughtBy: 'tests/e2e/outages-are-waited-out.test.ts',
  },
  {
    defect: 'the idempotency key is not unique',
    file: 'services/order/src/order-repository.ts',
    find: '          unique: true,\n',
    replace: '',
    caughtBy: 'tests/e2e/idempotency-key-gives-one-order.test.ts',
  },
  {
    defect: 'a charge has a fresh key each time',
    file: 'services/payment/src/simulated-gateway.ts',
    find: "_id: `${orderId}:charge`,\n          order_id: orderId,\n          kind: 'charge',\n          outcome: reason",
    replace:
      "_id: `${orderId}:charge:${Math.random()}`,\n          order_id: orderId,\n          kind: 'charge',\n          outcome: reason",
    caughtBy: crashes,
  },
  {
    defect: 'a write does not check that the document is as it was read',
    file: 'packages/outbox/src/documents.ts',
    find: 'filter: { _id: after._id, version: after.version },',
    replace: 'filter: { _id: after._id },',
    caughtBy: 'tests/integration',
  },
  {
    defect: 'the stock is reset at each start',
    file: 'services/inventory/src/inventory-repository.ts',
    find: '          if (await products.findOne({ _id: sample._id }, { session })) return false;\n          await products.insertOne({ ...sample, version: 1 }, { session });',
    replace:
      '          await products.replaceOne({ _id: sample._id }, { ...sample, version: 1 }, { session, upsert: true });',
    caughtBy: 'tests/e2e/killed-services-lose-nothing.test.ts',
  },
  {
    defect: 'a bad message is skipped instead of dead-lettered',
    file: 'packages/messaging/src/chunk-processor.ts',
    find: 'const records = [...outcome.records, ...deadLetters.map((letter) => deadLetterRecord(consumerGroup, letter))];',
    replace: 'const records = [...outcome.records];',
    caughtBy: 'tests/e2e/poison-stops-nobody.test.ts',
  },
  {
    defect: 'a cancellation that comes first is forgotten by the shipment service',
    file: 'services/shipment/src/shipment.ts',
    find: '    if (shipment) return repeated(',
    replace: "    if (shipment && shipment.status !== 'CANCELLED') return repeated(",
    caughtBy: 'tests/model',
  },
];

const repository = fileURLToPath(new URL('../..', import.meta.url));
const limitMs = 8 * 60_000;

function copyRepository(): string {
  const copy = mkdtempSync(join(tmpdir(), 'order-pipeline-mutants-'));
  for (const entry of [
    'packages',
    'services',
    'tools',
    'dev',
    'tests',
    'package.json',
    'package-lock.json',
    'jest.config.mjs',
    'tsconfig.json',
  ]) {
    cpSync(join(repository, entry), join(copy, entry), { recursive: true, verbatimSymlinks: true });
  }
  // Packages resolve to the copy's own sources, everything else to what is installed here.
  cpSync(join(repository, 'node_modules', '@order-pipeline'), join(copy, 'node_modules', '@order-pipeline'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  const { stdout } = spawnSync('ls', ['-A', join(repository, 'node_modules')], { encoding: 'utf8' });
  for (const name of stdout.trim().split('\n')) {
    if (name !== '@order-pipeline')
      symlinkSync(join(repository, 'node_modules', name), join(copy, 'node_modules', name));
  }
  return copy;
}

function passes(copy: string, tests: readonly string[]): boolean {
  const jest = ['node_modules/jest/bin/jest.js', '--runInBand', '--bail', ...tests];
  const { status } = spawnSync(process.execPath, jest, {
    cwd: copy,
    stdio: process.argv.includes('--verbose') ? 'inherit' : 'ignore',
    timeout: limitMs * tests.length,
    env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' },
  });
  return status === 0;
}

function run(mutant: Mutant, copy: string): { readonly caught: boolean; readonly seconds: number } {
  const file = join(copy, mutant.file);
  const original = readFileSync(file, 'utf8');
  if (original.split(mutant.find).length !== 2)
    throw new Error(`"${mutant.defect}" no longer fits ${mutant.file}; mend its find`);
  writeFileSync(
    file,
    original.replace(mutant.find, () => mutant.replace),
  );
  const begunMs = performance.now();
  try {
    const caught = !passes(copy, [mutant.caughtBy]);
    return { caught, seconds: Math.round((performance.now() - begunMs) / 1_000) };
  } finally {
    writeFileSync(file, original);
  }
}

if (process.argv.includes('--help')) {
  process.stdout.write(
    "npm run faults:mutants [-- --verbose] [-- part of a defect's name]\n\nPlants each defect in a copy and expects a test to fail.\n",
  );
  process.exit(0);
}
const wanted = process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? '';
const copy = copyRepository();
const chosen = mutants.filter(({ defect }) => defect.includes(wanted));
// A test that fails anyway catches nothing.
if (!passes(copy, [...new Set(chosen.map(({ caughtBy }) => caughtBy))])) {
  process.stderr.write('The tests fail without any defect; mend that first (npm test).\n');
  process.exit(2);
}
let survivors = 0;
process.stdout.write('| defect | caught by | caught | seconds |\n| --- | --- | --- | --- |\n');
for (const mutant of chosen) {
  const { caught, seconds } = run(mutant, copy);
  if (!caught) survivors += 1;
  process.stdout.write(`| ${mutant.defect} | ${mutant.caughtBy} | ${caught ? 'yes' : 'NO'} | ${seconds} |\n`);
}
rmSync(copy, { recursive: true, force: true });
process.exit(survivors === 0 ? 0 : 1);

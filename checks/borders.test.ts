import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const repository = fileURLToPath(new URL('..', import.meta.url));

/** A file that crosses a border, and the rule that must report it. */
const violations: Record<string, { readonly file: string; readonly source: string; readonly rule: string }> = {
  'a service imports another by path': {
    file: 'services/shipment/src/planted-path.ts',
    source: "import { placeOrder } from '../../order/src/order.ts';\nexport const planted = placeOrder;\n",
    rule: 'no-restricted-imports',
  },
  'a service imports another by name': {
    file: 'services/shipment/src/planted-name.ts',
    source: "export { placeOrder as planted } from '@order-pipeline/order-service';\n",
    rule: 'no-restricted-imports',
  },
  'a package imports a service': {
    file: 'packages/kafka/src/planted-service.ts',
    source: "import { placeOrder } from '../../../services/order/src/order.ts';\nexport const planted = placeOrder;\n",
    rule: 'no-restricted-imports',
  },
  'what ships imports from tests': {
    file: 'services/payment/src/planted-tests.ts',
    source: "import { eventually } from '../../../tests/support/eventually.ts';\nexport const planted = eventually;\n",
    rule: 'no-restricted-imports',
  },
  'what ships imports from dev': {
    file: 'operator/src/kube/planted-dev.ts',
    source: "import { waitFor } from '../../../dev/wait-for.ts';\nexport const planted = waitFor;\n",
    rule: 'no-restricted-imports',
  },
  'a tool imports from dev': {
    file: 'tools/src/planted-dev.ts',
    source: "import { waitFor } from '../../dev/wait-for.ts';\nexport const planted = waitFor;\n",
    rule: 'no-restricted-imports',
  },
  'a tool imports a service, even a type': {
    file: 'tools/src/audit/planted-service.ts',
    source: "export type { Order } from '../../../services/order/src/order.ts';\n",
    rule: 'no-restricted-imports',
  },
  'kafkajs in a tool': {
    file: 'tools/src/dlq/planted-kafkajs.ts',
    source: "import type { KafkaMessage } from 'kafkajs';\nexport type Planted = KafkaMessage;\n",
    rule: 'no-restricted-imports',
  },
  'mongodb in a tool outside its reader': {
    file: 'tools/src/audit/planted-mongodb.ts',
    source: "import { MongoClient } from 'mongodb';\nexport const planted = MongoClient;\n",
    rule: 'no-restricted-imports',
  },
  'prom-client in a tool': {
    file: 'tools/src/audit/planted-metrics.ts',
    source: "import { Gauge } from 'prom-client';\nexport const planted = Gauge;\n",
    rule: 'no-restricted-imports',
  },
  'an HTTP server in a tool': {
    file: 'tools/src/audit/planted-http.ts',
    source: "import { createServer } from 'node:http';\nexport const planted = createServer;\n",
    rule: 'no-restricted-imports',
  },
  'kafkajs outside its package': {
    file: 'packages/outbox/src/planted-kafkajs.ts',
    source: "import { Kafka } from 'kafkajs';\nexport const planted = Kafka;\n",
    rule: 'no-restricted-imports',
  },
  'private parts of kafkajs outside its package': {
    file: 'services/order/src/planted-internals.ts',
    source: "import decoder from 'kafkajs/src/protocol/decoder.js';\nexport const planted = decoder;\n",
    rule: 'no-restricted-imports',
  },
  'mongodb outside repositories': {
    file: 'services/order/src/planted-mongodb.ts',
    source: "import { MongoClient } from 'mongodb';\nexport const planted = MongoClient;\n",
    rule: 'no-restricted-imports',
  },
  'mongodb in the package that speaks to Kafka': {
    file: 'packages/kafka/src/planted-mongodb.ts',
    source: "import { MongoClient } from 'mongodb';\nexport const planted = MongoClient;\n",
    rule: 'no-restricted-imports',
  },
  'prom-client in a service': {
    file: 'services/inventory/src/planted-metrics.ts',
    source: "import { Gauge } from 'prom-client';\nexport const planted = Gauge;\n",
    rule: 'no-restricted-imports',
  },
  'an HTTP server in a service': {
    file: 'services/inventory/src/planted-http.ts',
    source: "import { createServer } from 'node:http';\nexport const planted = createServer;\n",
    rule: 'no-restricted-imports',
  },
  'a package of ours in resilience': {
    file: 'packages/resilience/src/planted-ours.ts',
    source: "import { factOf } from '@order-pipeline/events';\nexport const planted = factOf;\n",
    rule: 'no-restricted-imports',
  },
  'the environment outside config.ts': {
    file: 'services/shipment/src/planted-environment.ts',
    source: 'export const planted = process.env.HOME;\n',
    rule: 'no-process-env',
  },
  'a clock in a decision': {
    file: 'services/shipment/src/shipment.ts',
    source: 'export const planted = Date.now();\n',
    rule: 'no-restricted-globals',
  },
  'a timer in a decision': {
    file: 'services/order/src/order.ts',
    source: 'export const planted = () => setTimeout(() => {}, 1);\n',
    rule: 'no-restricted-globals',
  },
  'randomness in a decision': {
    file: 'services/payment/src/payment.ts',
    source: 'export const planted = () => Math.random();\n',
    rule: 'no-restricted-properties',
  },
  'an await in a decision': {
    file: 'operator/src/decide/planted-await.ts',
    source: 'export const planted = async (work: Promise<void>) => await work;\n',
    rule: 'no-async-await',
  },
  'input and output in a decision': {
    file: 'packages/events/src/planted-io.ts',
    source: "import { readFileSync } from 'node:fs';\nexport const planted = readFileSync;\n",
    rule: 'no-restricted-imports',
  },
  'two files that import each other': {
    file: 'packages/tracing/src/planted-circle.ts',
    source:
      "import { planted as other } from './planted-circle-back.ts';\nexport const planted = (): unknown => other;\n",
    rule: 'no-cycle',
  },
  'two files that import types of each other': {
    file: 'packages/tracing/src/planted-types.ts',
    source: "import type { Other } from './planted-types-back.ts';\nexport type Planted = Other | undefined;\n",
    rule: 'no-cycle',
  },
  'the client of Kafka in the operator imports from dev': {
    file: 'operator/src/kafka/planted-dev.ts',
    source: "import { waitFor as x } from '../../../dev/wait-for.ts';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  'the wiring of the operator imports a service': {
    file: 'operator/src/planted-service.ts',
    source: "import { placeOrder as x } from '../../services/order/src/order.ts';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  'kafkajs in the operator outside its client of Kafka': {
    file: 'operator/src/kube/planted-kafkajs.ts',
    source: "import { Kafka as x } from 'kafkajs';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  'a service imports the operator by name': {
    file: 'services/order/src/planted-operator.ts',
    source: "import * as x from '@order-pipeline/consumer-scaler';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  'a service imports another by a path that begins at itself': {
    file: 'services/payment/src/planted-dot.ts',
    source: "import { placeOrder as x } from './../../order/src/order.ts';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  'what ships imports a test double': {
    file: 'packages/mongo/src/planted-double.ts',
    source: "import { storeInMemory as x } from '../test/store-in-memory.ts';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  "an HTTP client by the module's former name": {
    file: 'services/inventory/src/planted-http-name.ts',
    source: "import { request as x } from 'http';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  'a file of prom-client in a service': {
    file: 'services/inventory/src/planted-metrics-file.ts',
    source: "import x from 'prom-client/lib/gauge.js';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  'the environment by import': {
    file: 'services/shipment/src/planted-process.ts',
    source: "import { env as x } from 'node:process';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  'a package of ours in packages/events': {
    file: 'packages/events/src/planted-ours.ts',
    source: "import { wait as x } from '@order-pipeline/resilience';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  "a package of ours in the operator's decisions": {
    file: 'operator/src/decide/planted-ours.ts',
    source: "import { wait as x } from '@order-pipeline/resilience';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  'randomness by import in a decision': {
    file: 'services/inventory/src/reservation.ts',
    source: "import { randomUUID as x } from 'node:crypto';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  "input by the module's former name in a decision": {
    file: 'services/dashboard/src/step.ts',
    source: "import { readFileSync as x } from 'fs';\nexport const planted = x;\n",
    rule: 'no-restricted-imports',
  },
  'a clock by globalThis in a decision': {
    file: 'operator/src/decide/planted-global.ts',
    source: 'export const planted = new globalThis.Date();\n',
    rule: 'no-restricted-globals',
  },
  'a timer where decisions do arithmetic on times': {
    file: 'packages/events/src/time.ts',
    source: 'export const planted = () => setTimeout(() => {}, 1);\n',
    rule: 'no-restricted-globals',
  },
  'a function that does not fit on a screen': {
    file: 'packages/tracing/src/planted-long-function.ts',
    source: `export function planted(call: (n: number) => void): void {\n${'  call(1);\n'.repeat(81)}}\n`,
    rule: 'max-lines-per-function',
  },
  'a long file': {
    file: 'packages/tracing/src/planted-long-file.ts',
    source: Array.from({ length: 251 }, (_, n) => `export const planted${n} = ${n};\n`).join(''),
    rule: 'max-lines',
  },
  'a variable above its declaration': {
    file: 'packages/tracing/src/planted-order.ts',
    source: 'export const planted = () => later;\nconst later = 1;\n',
    rule: 'no-use-before-define',
  },
  'a line on the console': {
    file: 'packages/tracing/src/planted-console.ts',
    source: "console.log('planted');\nexport {};\n",
    rule: 'no-console',
  },
};
const alsoNeeded = {
  'packages/tracing/src/planted-types-back.ts':
    "import type { Planted } from './planted-types.ts';\nexport type Other = { readonly planted: Planted };\n",
  'packages/tracing/src/planted-circle-back.ts':
    "import { planted as other } from './planted-circle.ts';\nexport const planted = (): unknown => other;\n",
};

let copy: string;
let findings: { readonly code: string; readonly filename: string }[];

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'borders-'));
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.json'], {
    cwd: repository,
    encoding: 'utf8',
  });
  for (const file of files.split('\n').filter(Boolean)) {
    mkdirSync(join(copy, dirname(file)), { recursive: true });
    cpSync(join(repository, file), join(copy, file), { force: true });
  }
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
  const planted = Object.values(violations).map(({ file, source }) => [file, source] as const);
  for (const [file, source] of [...planted, ...Object.entries(alsoNeeded)]) writeFileSync(join(copy, file), source);
  const { stdout } = spawnSync(process.execPath, ['node_modules/oxlint/bin/oxlint', '--format', 'json'], {
    cwd: copy,
    encoding: 'utf8',
  });
  findings = (JSON.parse(stdout) as { diagnostics: typeof findings }).diagnostics;
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test.each(Object.entries(violations))('the lint reports %s', (_, { file, rule }) => {
  const rules = findings.filter(({ filename }) => filename === file).map(({ code }) => code);
  expect(rules).toContainEqual(expect.stringContaining(rule));
});

import { describe, expect, test } from '@jest/globals';
import { imageSizesMiB } from './support/figures.ts';
import { version } from './support/images.ts';
import { kubectl } from './support/kubectl.ts';
import { readyPods, serviceNames } from './support/set-up.ts';

const limitMs = 60_000;
/** Of which Node is about 115 MiB. */
const largestMiB = 200;

/** Is run by node in the container, which has no shell. */
const inspection = `
const { readFileSync, readlinkSync, existsSync, globSync } = require('node:fs');
const [, uid, gid] = /^Uid:\\s+(\\d+)[^]*?^Gid:\\s+(\\d+)/m.exec(readFileSync('/proc/1/status', 'utf8'));
const unwanted = ['jest', 'typescript', '@swc/core', 'oxlint', 'prettier', 'playwright-core', 'fast-check', 'vite', 'react-dom'];
console.log(JSON.stringify({
  process1: readlinkSync('/proc/1/exe'),
  script: readFileSync('/proc/1/cmdline', 'utf8').split('\\0').at(-2),
  uid, gid,
  installed: unwanted.filter((name) => existsSync('/app/node_modules/' + name)),
  tests: globSync('/app/{packages,services,tools}/**/*.test.{ts,tsx}'),
  caches: ['/root/.npm', '/home/nonroot/.npm', '/app/.npm', '/app/tests', '/bin/sh', '/usr/bin/npm', '/usr/local/bin/npm'].filter(existsSync),
}));`;

describe('the image of', () => {
  test.each(serviceNames)(
    '%s runs node as process 1 and as a non-root user, without tests, caches or development tools',
    async (name) => {
      const [pod] = await readyPods(name);
      expect(JSON.parse(await kubectl('exec', pod!.name, '--', '/nodejs/bin/node', '--eval', inspection))).toEqual({
        process1: '/nodejs/bin/node',
        script: 'src/main.ts',
        uid: '65532',
        gid: '65532',
        installed: [],
        tests: [],
        caches: [],
      });
    },
    limitMs,
  );

  test.each([...serviceNames, 'consumer-scaler', 'tools'])(`%s is smaller than ${largestMiB} MiB`, async (name) => {
    expect((await imageSizesMiB()).get(`order-pipeline/${name}:${version}`)).toBeLessThan(largestMiB);
  });
});

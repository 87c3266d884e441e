import { describe, expect, test } from '@jest/globals';
import { changesIn } from './changes.ts';

describe('a change', () => {
  test.each([
    ['of a source file touches the tests that import it', ['services/order/src/order.ts'], false, false],
    ['of the page of the repository touches no test', ['README.md', 'docs/operations.md'], false, false],
    ['of a chart touches the tests of the manifests', ['helm/order/values.yaml'], false, true],
    ['of an overlay touches the tests of the manifests', ['k8s/overlays/kind/topics.yaml'], false, true],
    ['of a runbook touches the tests of the manifests', ['docs/runbooks/orders-stuck.md'], false, true],
    ['of a dependency touches every test', ['package-lock.json'], true, false],
    ["of jest's configuration touches every test", ['README.md', 'jest.config.mjs'], true, false],
    ["of a workspace's package.json touches no test by itself", ['packages/kafka/package.json'], false, false],
  ])('%s', (_, files, touchEverything, touchManifests) => {
    expect(changesIn(files)).toEqual({ touchEverything, touchManifests });
  });
});

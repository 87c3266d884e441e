import { describe, expect, test } from '@jest/globals';
import { topics as allTopics } from '@order-pipeline/events';
import { waitFor } from '../../dev/wait-for.ts';
import { get, helm, kubectl, run } from './support/kubectl.ts';

const limitMs = 300_000;

interface Listed {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> };
}

/** Every object in the namespace that our charts created, of any kind. */
async function ofTheRelease(): Promise<string[]> {
  const kinds = await run('kubectl', ['api-resources', '--namespaced', '--verbs=list', '--output=name']);
  const listed = kinds
    .trim()
    .split('\n')
    .filter((kind) => !kind.startsWith('events'))
    .join(',');
  const { items } = await get<{ items: Listed[] }>(listed, '--selector', 'app.kubernetes.io/managed-by=Helm');
  return items.map(({ kind, metadata }) => `${kind}/${metadata.name}`).toSorted();
}

describe('helm uninstall', () => {
  test(
    'keeps the topics, as documented, and removes everything else',
    async () => {
      const before = await ofTheRelease();
      expect(before).toContain('Deployment/order');
      const topics = before.filter((name) => name.startsWith('KafkaTopic/'));
      expect(topics).toHaveLength(allTopics.length);
      await helm('uninstall', 'order-pipeline', '--wait', '--timeout', '3m');
      const left = await waitFor(
        async () => {
          const now = await ofTheRelease();
          if (now.length === topics.length) return now;
          throw new Error(`left: ${now.join(', ')}`);
        },
        { what: 'the removal of the release', timeoutMs: 120_000, pollMs: 1_000 },
      );
      expect(left).toEqual(topics);
      await kubectl('delete', 'kafkatopics', '--all');
    },
    limitMs,
  );
});

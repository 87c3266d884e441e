/** Secrets of the pipeline's namespace, as plain text. */
import { apply, get } from './kubectl.ts';

export const secret = (name: string, data: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData: data,
});

export async function readSecret(name: string): Promise<Record<string, string> | undefined> {
  const found = await get<{ data?: Record<string, string> }>('secret', name).catch(() => undefined);
  return (
    found &&
    Object.fromEntries(
      Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    )
  );
}

export const applyAll = (objects: readonly object[]): Promise<string> =>
  apply(objects.map((object) => JSON.stringify(object)).join('\n---\n'));

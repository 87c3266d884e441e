import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { listRoute, type PageRequest } from './list-route.ts';
import type { AnyRequest } from './route.ts';

const things = Array.from({ length: 5 }, (_, number) => ({ _id: `t${number}`, size: number }));

function open() {
  const requests: unknown[] = [];
  const list = listRoute({
    path: '/things',
    operationId: 'listThings',
    summary: 'List things',
    page: { id: 'ThingPage', description: 'A page of things.' },
    item: z.object({ thing_id: z.string(), size: z.int() }),
    key: z.string().regex(/^t\d$/u),
    filters: z.object({ min_size: z.coerce.number().optional() }),
    async read(page: PageRequest, { min_size = 0 }) {
      requests.push({ ...page, min_size });
      const rest = things.filter(({ _id, size }) => _id > (page.after ?? '') && size >= min_size);
      return rest.slice(0, page.limit);
    },
    view: ({ _id, size }) => ({ thing_id: _id, size }),
  });
  const ask = async (query: Record<string, string>) =>
    list.handle({ query: list.query!.parse(query) } as unknown as AnyRequest);
  return { list, ask, requests };
}

describe('a list', () => {
  test('has 20 items at most unless the request names another limit', async () => {
    const { ask, requests } = open();
    await ask({});
    expect(requests).toEqual([{ after: undefined, limit: 20, min_size: 0 }]);
  });

  test('continues after the last item of a page, and ends with a page that is not full', async () => {
    const { ask } = open();
    const pages = [
      await ask({ limit: '2' }),
      await ask({ limit: '2', cursor: 't1' }),
      await ask({ limit: '2', cursor: 't3' }),
    ];
    expect(pages).toMatchObject([
      { status: 200, body: { items: [{ thing_id: 't0' }, { thing_id: 't1' }], next_cursor: 't1' } },
      { body: { items: [{ thing_id: 't2' }, { thing_id: 't3' }], next_cursor: 't3' } },
      { body: { items: [{ thing_id: 't4', size: 4 }], next_cursor: null } },
    ]);
  });

  test('passes its filters on', async () => {
    const { ask } = open();
    expect(await ask({ min_size: '4' })).toMatchObject({ body: { items: [{ thing_id: 't4' }], next_cursor: null } });
  });

  test.each([{ limit: '0' }, { limit: '101' }, { limit: '1.5' }, { cursor: 'x' }, { min_size: 'large' }])(
    'refuses %j',
    (query) => {
      expect(open().list.query!.safeParse(query).success).toBe(false);
    },
  );
});
